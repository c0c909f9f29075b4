/* Three children, and what they print: first the library reads it and calls back for each line, then a select loop of
 * this program's own does, which also sees the children end. */
#define _POSIX_C_SOURCE 200809L /* select and read, in strict C11 */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

#include <mp/c/process.h>

enum { CHILDREN = 3, STREAMS = 2 * CHILDREN };

struct child {
    const char *name;
    const char *script;
    mp_process *process; /* NULL before its start, and once its end was reported */
};

/* A child's stdout or stderr, in the loop. */
struct stream {
    const struct child *child;
    int number;   /* 1: stdout, 2: stderr */
    mp_handle fd; /* MP_HANDLE_INVALID after the end */
    char line[1024];
    size_t length;
};

static int fail(mp_error *reterr, int status, const char *what)
{
    *reterr = (mp_error){.status = status};
    snprintf(reterr->message, sizeof(reterr->message), "%s: %s", what, mp_status_text(status));
    return status;
}

static void print_line(const struct child *child, int stream, const char *text, size_t length, const char *mark)
{
    printf("%s %s: ", child->name, stream == 1 ? "out" : "err");
    fwrite(text, 1, length, stdout); /* which may contain NULs */
    printf("%s\n", mark);
}

static const char *const CUT_OFF = " (no line break)";

/* Without a capture it is for this program to read what they print. */
static int start_children(struct child *children, mp_capture *capture, mp_error *reterr)
{
    for (int i = 0; i < CHILDREN; i++) {
        const char *const argv[] = {"sh", "-c", children[i].script, NULL};
        mp_spawn_options options = MP_SPAWN_OPTIONS_INIT;
        options.argv = argv;
        options.flags = MP_SPAWN_KILL_ON_UNREF; /* none stays behind should this program give up */
        options.stdio[0].kind = MP_STDIO_NULL;
        options.stdio[1].kind = MP_STDIO_CAPTURED;
        options.stdio[2].kind = MP_STDIO_CAPTURED;
        options.capture = capture;
        options.capture_child = &children[i];
        const int r = mp_process_spawn(&options, &children[i].process, reterr);
        if (r < 0) return r;
    }
    return 0;
}

static int report_end(struct child *child, mp_error *reterr)
{
    mp_exit exit;
    const int r = mp_process_wait(child->process, -1, &exit, reterr);
    if (r < 0) return r;
    if (exit.how == MP_EXIT_EXITED) {
        printf("%s ended with exit code %d\n", child->name, exit.value);
    } else if (exit.how == MP_EXIT_SIGNALED) {
        printf("%s was killed by signal %d\n", child->name, exit.value);
    } else {
        printf("%s ended, and nobody can tell how\n", child->name);
    }
    child->process = mp_process_unref(child->process);
    return 0;
}

/* Called on the capture's thread. */
static void on_line(void *user, const mp_capture_line *line)
{
    (void)user;
    if (line->kind == MP_CAPTURE_END) return;
    print_line(line->child, line->stream, line->text, line->length, line->kind == MP_CAPTURE_PART ? CUT_OFF : "");
}

static int read_by_callback(struct child *children, mp_error *reterr)
{
    mp_capture_options options = MP_CAPTURE_OPTIONS_INIT;
    options.callback = on_line;
    mp_capture *capture;
    int r = mp_capture_new(&options, &capture, reterr);
    if (r < 0) return r;
    r = start_children(children, capture, reterr);
    if (r == 0) r = mp_capture_wait(capture, -1, reterr);
    for (int i = 0; r == 0 && i < CHILDREN; i++) r = report_end(&children[i], reterr);
    mp_capture_unref(capture);
    return r;
}

/* Read what is there, and print the lines that are complete. */
static int read_stream(struct stream *stream, mp_error *reterr)
{
    const ssize_t n = read(stream->fd, stream->line + stream->length, sizeof(stream->line) - stream->length);
    if (n < 0) return errno == EAGAIN || errno == EINTR ? 0 : fail(reterr, -errno, "read");
    stream->length += (size_t)n;
    const char *begin = stream->line;
    const char *const end = begin + stream->length;
    for (const char *line_break; (line_break = memchr(begin, '\n', (size_t)(end - begin))) != NULL;) {
        print_line(stream->child, stream->number, begin, (size_t)(line_break - begin), "");
        begin = line_break + 1;
    }
    stream->length = (size_t)(end - begin);
    memmove(stream->line, begin, stream->length);
    if (stream->length == sizeof(stream->line) || (n == 0 && stream->length > 0)) {
        print_line(stream->child, stream->number, stream->line, stream->length, CUT_OFF);
        stream->length = 0;
    }
    if (n == 0) {
        mp_handle_close(stream->fd);
        stream->fd = MP_HANDLE_INVALID;
    }
    return 0;
}

static int watch(mp_handle fd, fd_set *set, int *highest, mp_error *reterr)
{
    if (fd >= FD_SETSIZE) return fail(reterr, MP_EMFILE, "select");
    FD_SET(fd, set);
    if (fd > *highest) *highest = fd;
    return 0;
}

/* Wait until something happens, and handle all that has. Returns 1, or 0 when there is nothing to wait for any more. */
static int run_once(struct child *children, struct stream *streams, mp_error *reterr)
{
    fd_set ready;
    int highest = -1;
    int r = 0;
    FD_ZERO(&ready);
    for (int i = 0; r == 0 && i < STREAMS; i++) {
        if (streams[i].fd != MP_HANDLE_INVALID) r = watch(streams[i].fd, &ready, &highest, reterr);
    }
    /* A child may end before its output does, which its own children have, or after it has closed it. */
    for (int i = 0; r == 0 && i < CHILDREN; i++) {
        if (children[i].process) r = watch(mp_process_exit_fd(children[i].process), &ready, &highest, reterr);
    }
    if (r < 0 || highest < 0) return r;
    if (select(highest + 1, &ready, NULL, NULL, NULL) < 0) {
        return errno == EINTR ? 1 : fail(reterr, -errno, "select");
    }
    for (int i = 0; r == 0 && i < STREAMS; i++) {
        if (streams[i].fd != MP_HANDLE_INVALID && FD_ISSET(streams[i].fd, &ready)) r = read_stream(&streams[i], reterr);
    }
    for (int i = 0; r == 0 && i < CHILDREN; i++) {
        if (children[i].process && FD_ISSET(mp_process_exit_fd(children[i].process), &ready)) {
            r = report_end(&children[i], reterr); /* at once: the descriptor is ready when the answer is there */
        }
    }
    return r < 0 ? r : 1;
}

static int read_in_a_loop(struct child *children, mp_error *reterr)
{
    struct stream streams[STREAMS];
    for (int i = 0; i < STREAMS; i++) {
        streams[i] = (struct stream){.child = &children[i / 2], .number = 1 + i % 2, .fd = MP_HANDLE_INVALID};
    }
    int r = start_children(children, NULL, reterr);
    for (int i = 0; r == 0 && i < STREAMS; i++) {
        r = mp_process_take_output(streams[i].child->process, streams[i].number, &streams[i].fd);
        if (r < 0) fail(reterr, r, "take output");
    }
    if (r == 0) {
        do r = run_once(children, streams, reterr);
        while (r > 0);
    }
    for (int i = 0; i < STREAMS; i++) mp_handle_close(streams[i].fd);
    return r;
}

int main(void)
{
    struct child children[CHILDREN] = {
        {"counter", "for i in 1 2 3; do echo $i; done", NULL},
        {"doubter", "echo all is well; echo 'is it?' >&2; exit 3", NULL},
        {"victim", "printf 'not yet f'; kill -KILL $$", NULL},
    };
    mp_error error;
    puts("read by the library:");
    int r = read_by_callback(children, &error);
    if (r == 0) {
        puts("read in a loop:");
        r = read_in_a_loop(children, &error);
    }
    for (int i = 0; i < CHILDREN; i++) mp_process_unref(children[i].process); /* kills those that a failure left */
    if ((fflush(stdout) != 0 || ferror(stdout)) && r == 0) r = fail(&error, MP_EIO, "write");
    if (r < 0) fprintf(stderr, "mpcapture: %s\n", error.message);
    return r < 0 ? 1 : 0;
}
