#define _GNU_SOURCE
#include <mp/c/process.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <mp/process/error.h>
#include <mp/process/fd_posix.h>
#include <mp/process/sys.h>

struct stream {
    int input;
    int output;
    int null_fd;
};

static int fail(mp_error *reterr, const char *what)
{
    return mp_priv_fail(reterr, -errno, MP_STAGE_STDIO, "start on stdin and stdout: %s", what);
}

/* Everything that can fail before anything is moved. */
static int prepare(struct stream *s, mp_error *reterr)
{
    s->input = fcntl(0, F_DUPFD_CLOEXEC, 3);
    if (s->input < 0) return fail(reterr, "stdin");
    s->output = fcntl(1, F_DUPFD_CLOEXEC, 3);
    if (s->output < 0) return fail(reterr, "stdout");
    s->null_fd = mp_priv_sys.open_null();
    return s->null_fd < 0 ? fail(reterr, "null device") : 0;
}

static int move(const struct stream *s, mp_error *reterr)
{
    if (dup2(s->null_fd, 0) < 0) return fail(reterr, "stdin");
    /* Without a stderr prints go nowhere. */
    if (dup2(2, 1) < 0 && dup2(s->null_fd, 1) < 0) return fail(reterr, "stdout");
    return 0;
}

int mp_start_stdio(mp_handle *ret_input, mp_handle *ret_output, mp_error *reterr)
{
    if (ret_input == NULL || ret_output == NULL) {
        return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "start on stdin and stdout: an argument is NULL");
    }
    const int saved = errno;
    struct stream s = {-1, -1, -1};
    int r = prepare(&s, reterr);
    if (r == 0) r = move(&s, reterr);
    if (r == 0) {
        *ret_input = s.input;
        *ret_output = s.output;
        s.input = s.output = -1;
    }
    mp_priv_fd_close(s.input);
    mp_priv_fd_close(s.output);
    if (s.null_fd > 2) mp_priv_fd_close(s.null_fd);
    errno = saved;
    return r;
}
