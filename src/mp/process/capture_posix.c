#define _GNU_SOURCE
#include <mp/process/capture_system.h>

#include <errno.h>
#include <time.h>

#include <mp/process/fd_posix.h>
#include <mp/process/sys.h>

enum { RETRY_MS = 10, NS_PER_MS = 1000000, MS_PER_S = 1000 };

#ifdef __APPLE__
static const clockid_t wait_clock = CLOCK_REALTIME;
#else
static const clockid_t wait_clock = CLOCK_MONOTONIC;
#endif

static void init_cond(pthread_cond_t *cond)
{
#ifdef __APPLE__
    pthread_cond_init(cond, NULL);
#else
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, wait_clock);
    pthread_cond_init(cond, &attributes);
    pthread_condattr_destroy(&attributes);
#endif
}

int mp_priv_capture_system_open(struct mp_priv_capture_system *system)
{
    pthread_mutex_init(&system->lock, NULL);
    init_cond(&system->changed);
    if (mp_priv_sys.make_pipe(system->wake) < 0) {
        const int status = -errno;
        system->wake[0] = system->wake[1] = -1;
        return status;
    }
    const int r = mp_socket_set_nonblocking(system->wake[0], 1, NULL);
    return r < 0 ? r : mp_socket_set_nonblocking(system->wake[1], 1, NULL);
}

void mp_priv_capture_system_close(struct mp_priv_capture_system *system)
{
    mp_priv_fd_close(system->wake[0]);
    mp_priv_fd_close(system->wake[1]);
    pthread_cond_destroy(&system->changed);
    pthread_mutex_destroy(&system->lock);
}

void mp_priv_capture_lock(struct mp_priv_capture_system *system)
{
    pthread_mutex_lock(&system->lock);
}

void mp_priv_capture_unlock(struct mp_priv_capture_system *system)
{
    pthread_mutex_unlock(&system->lock);
}

void mp_priv_capture_broadcast(struct mp_priv_capture_system *system)
{
    pthread_cond_broadcast(&system->changed);
}

int64_t mp_priv_capture_deadline(int timeout_ms)
{
    struct timespec now;
    if (timeout_ms < 0) return -1;
    clock_gettime(wait_clock, &now);
    return ((int64_t)now.tv_sec * MS_PER_S + timeout_ms) * NS_PER_MS + now.tv_nsec;
}

bool mp_priv_capture_wait_changed(struct mp_priv_capture_system *system, int64_t deadline)
{
    if (deadline < 0) return pthread_cond_wait(&system->changed, &system->lock) == 0;
    const int64_t ns_per_s = (int64_t)MS_PER_S * NS_PER_MS;
    const struct timespec until = {.tv_sec = (time_t)(deadline / ns_per_s), .tv_nsec = (long)(deadline % ns_per_s)};
    return pthread_cond_timedwait(&system->changed, &system->lock, &until) == 0;
}

static void *run(void *capture)
{
    mp_priv_capture_run(capture);
    return NULL;
}

int mp_priv_capture_start(struct mp_capture *capture)
{
    return mp_priv_sys.thread_start(run, capture) < 0 ? -errno : 0;
}

void mp_priv_capture_set_thread(struct mp_priv_capture_system *system)
{
    system->thread = pthread_self();
    system->is_running = true;
}

bool mp_priv_capture_is_thread(const struct mp_priv_capture_system *system)
{
    return system->is_running && pthread_equal(system->thread, pthread_self());
}

void mp_priv_capture_wake(struct mp_priv_capture_system *system)
{
    /* A full pipe wakes it as well. Without memory for a byte now there is some later: it must be woken. */
    while (mp_priv_sys.write(system->wake[1], "", 1) < 0 && errno != EAGAIN) {
        if (errno != EINTR) mp_priv_capture_pause(RETRY_MS);
    }
}

void mp_priv_capture_woken(struct mp_priv_capture_system *system)
{
    char bytes[64];
    while (mp_priv_sys.read(system->wake[0], bytes, sizeof(bytes)) > 0) {}
}

int mp_priv_capture_poll(struct pollfd *polled, size_t count, int timeout_ms)
{
    const int found = mp_priv_sys.poll(polled, (unsigned)count, timeout_ms);
    return found < 0 ? -errno : found;
}

void mp_priv_capture_pause(int time_ms)
{
    (void)poll(NULL, 0, time_ms);
}

ptrdiff_t mp_priv_capture_read(mp_socket stream, void *data, size_t size)
{
    const ssize_t n = mp_priv_sys.read(stream, data, size);
    return n < 0 ? -errno : n;
}
