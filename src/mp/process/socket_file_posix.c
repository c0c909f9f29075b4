#define _GNU_SOURCE
#include <mp/process/socket_file_posix.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mp/process/fd_posix.h>
#include <mp/process/fork_posix.h>
#include <mp/process/memory.h>
#include <mp/process/sys.h>
#include <mp/process/unix_posix.h>

/* Whether a socket is stale can only be asked, and then it has to be removed and another put in its place: three steps,
 * in whose midst somebody else may be. The lock, held from the first step until the listener ends, makes them one. It is
 * the kernel's, so that it ends with the process, however that ends. */
struct mp_priv_socket_file {
    int dir; /* what the names below are in, wherever the process or the directory moves */
    int lock;
    bool is_locked;
    bool is_bound;
    int64_t owner; /* the process, not its copies */
    struct stat bound;
    char *lock_name;
    char base[]; /* the socket's name; that of the lock follows */
};

static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* While it is ours to remove: somebody may have put another in its place. */
static void remove_own(int dir, const char *name, const struct stat *own)
{
    struct stat now;
    if (fstatat(dir, name, &now, AT_SYMLINK_NOFOLLOW) == 0 && is_same_file(own, &now)) (void)unlinkat(dir, name, 0);
}

void mp_priv_socket_file_close(struct mp_priv_socket_file *file)
{
    if (file == NULL) return;
    const bool is_owner = file->owner == mp_priv_fork_owner();
    struct stat lock;
    if (is_owner && file->is_bound) remove_own(file->dir, file->base, &file->bound);
    if (is_owner && file->is_locked && fstat(file->lock, &lock) == 0) remove_own(file->dir, file->lock_name, &lock);
    mp_priv_fd_close(file->lock);
    mp_priv_fd_close(file->dir);
    free(file);
}

static int take_lock(struct mp_priv_socket_file *file)
{
    for (;;) {
        struct stat opened, named;
        file->lock = mp_priv_sys.open_lock(file->dir, file->lock_name);
        if (file->lock < 0) return errno == ELOOP ? MP_EEXIST : -errno;
        if (mp_priv_sys.get_status(file->lock, &opened) < 0) return -errno;
        if (!S_ISREG(opened.st_mode) || opened.st_size != 0) return MP_EEXIST;
        if (mp_priv_sys.lock(file->lock) < 0) return errno == EWOULDBLOCK ? MP_EADDRINUSE : -errno;
        if (mp_priv_sys.get_status_at(file->dir, file->lock_name, &named) < 0) {
            if (errno != ENOENT) return -errno;
        } else if (is_same_file(&opened, &named)) {
            file->is_locked = true;
            return 0;
        }
        /* Whoever had it has removed it in the meantime. */
        file->lock = mp_priv_fd_close(file->lock);
    }
}

/* Returns 0 if nothing is there any more. */
static int remove_stale(struct mp_priv_socket_file *file, const char *path)
{
    struct stat there;
    struct mp_priv_unix_name name;
    if (mp_priv_sys.get_status_at(file->dir, file->base, &there) < 0) return errno == ENOENT ? 0 : -errno;
    if (!S_ISSOCK(there.st_mode)) return MP_EEXIST;
    int r = mp_priv_unix_path(path, file->dir, file->base, &name);
    if (r < 0) return r;
    const int fd = mp_priv_unix_connect(&name, 0);
    if (fd >= 0) mp_priv_fd_close(fd);
    /* Of another type, or with a full queue. The systems that refuse when the queue is full don't tell it from a stale
     * one; a listener of this library has the lock. */
    if (fd >= 0 || fd == MP_EPROTOTYPE || fd == MP_ETIMEDOUT) return MP_EADDRINUSE;
    if (fd == MP_ENOENT) return 0;
    if (fd != MP_ECONNREFUSED) return fd;
    return mp_priv_sys.unlink_at(file->dir, file->base) < 0 && errno != ENOENT ? -errno : 0;
}

static int refuse(const struct mp_priv_address *address, int r, bool is_locked, mp_error *reterr)
{
    if (r == MP_EADDRINUSE) {
        return mp_priv_address_refuse(address, r, "a process listens there, or is about to", reterr);
    }
    if (r == MP_EEXIST) {
        return mp_priv_address_refuse(
            address, r, is_locked ? "what is there is no socket" : "what is there with .lock added is no empty file",
            reterr);
    }
    return mp_priv_address_fail(address, r, reterr);
}

static struct mp_priv_socket_file *new_file(int dir, const char *base)
{
    const size_t length = strlen(base);
    const size_t lock_size = length + sizeof(".lock");
    struct mp_priv_socket_file *file = mp_priv_alloc(sizeof(*file) + length + 1 + lock_size);
    if (file == NULL) return NULL;
    memcpy(file->base, base, length + 1);
    file->lock_name = file->base + length + 1;
    snprintf(file->lock_name, lock_size, "%s.lock", base);
    file->dir = dir;
    file->lock = -1;
    file->owner = mp_priv_fork_owner();
    return file;
}

int mp_priv_socket_file_open(const struct mp_priv_address *address, struct mp_priv_socket_file **ret_file,
                             mp_error *reterr)
{
    const char *base;
    int r = mp_priv_fork_prepare();
    const int dir = r < 0 ? r : mp_priv_unix_open_dir(address->name, &base);
    if (dir == MP_EINVAL) return mp_priv_address_refuse(address, dir, "the path names no file", reterr);
    if (dir < 0) return mp_priv_address_fail(address, dir, reterr);
    struct mp_priv_socket_file *file = new_file(dir, base);
    if (file == NULL) {
        mp_priv_fd_close(dir);
        return mp_priv_address_fail(address, MP_ENOMEM, reterr);
    }
    r = take_lock(file);
    if (r == 0) r = remove_stale(file, address->name);
    if (r < 0) {
        (void)refuse(address, r, file->is_locked, reterr);
        mp_priv_socket_file_close(file);
        return r;
    }
    *ret_file = file;
    return 0;
}

int mp_priv_socket_file_bind(struct mp_priv_socket_file *file, const char *path, int fd, mode_t mode)
{
    struct mp_priv_unix_name name;
    int r = mp_priv_unix_path(path, file->dir, file->base, &name);
    if (r < 0) return r;
    /* On Linux the file is made with the socket's mode, less the umask; elsewhere this has no effect. */
    const bool has_mode = mp_priv_sys.set_mode(fd, mode) == 0;
    if (mp_priv_sys.bind(fd, (const struct sockaddr *)&name.name, name.size) < 0) return -errno;
    if (mp_priv_sys.get_status_at(file->dir, file->base, &file->bound) < 0) {
        r = -errno;
        (void)unlinkat(file->dir, file->base, 0);
        return r;
    }
    file->is_bound = true;
    if (has_mode && (file->bound.st_mode & 0777) == mode) return 0;
    return mp_priv_sys.set_mode_at(file->dir, file->base, mode) < 0 ? -errno : 0;
}
