/* One thread for each capture. It reads a stream only when its callback has returned from the last lines, so that
 * memory is bounded by the streams' buffers, and a child that writes faster waits in its pipe. */
#define _GNU_SOURCE
#include <mp/process/capture.h>

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <mp/c/socket.h>
#include <mp/process/error.h>
#include <mp/process/fd_posix.h>
#include <mp/process/lines.h>
#include <mp/process/memory.h>
#include <mp/process/options.h>
#include <mp/process/sys.h>

enum { LINE_MAX_BYTES = 16 << 20, READS_IN_A_ROW = 16, RETRY_MS = 10 };

struct mp_priv_stream {
    struct mp_priv_stream *next;
    mp_capture *capture;
    void *child;
    int number;
    int fd;
    struct mp_priv_lines lines;
};

struct mp_capture {
    mp_capture_fn *callback;
    void *user;
    size_t max_line;
    int wake[2]; /* a byte: there is something new for the thread */

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    unsigned n_ref;
    size_t n_open;                /* streams that were started and whose end was not handed over yet */
    struct mp_priv_stream *fresh; /* started, and not seen by the thread yet */
    bool ends;                    /* the last reference is gone */
    bool has_ended;               /* the thread touches nothing any more */
    bool is_running;              /* thread is set */
    pthread_t thread;
};

/* The thread's own. */
struct reader {
    mp_capture *capture;
    struct mp_priv_stream *streams;
    struct pollfd *polled;
    size_t n_streams, max_polled;
    bool knows_events; /* the first entries of polled tell which streams have something */
};

static void deliver(const struct mp_priv_stream *stream, mp_capture_kind kind, const char *text, size_t length)
{
    const mp_capture_line line = {sizeof(line), stream->child, stream->number, (int32_t)kind, text, length};
    stream->capture->callback(stream->capture->user, &line);
}

static void emit(void *user, const char *text, size_t length, bool whole)
{
    deliver(user, whole ? MP_CAPTURE_LINE : MP_CAPTURE_PART, text, length);
}

/* Returns whether there may be more later. */
static bool read_stream(struct mp_priv_stream *stream)
{
    for (int i = 0; i < READS_IN_A_ROW; i++) {
        size_t room;
        char *to = mp_priv_lines_room(&stream->lines, &room);
        const ssize_t n = mp_priv_sys.read(stream->fd, to, room);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) return true;
        if (n <= 0) return false;
        mp_priv_lines_add(&stream->lines, (size_t)n, emit, stream);
    }
    return true;
}

void mp_priv_stream_free(struct mp_priv_stream *stream)
{
    if (stream == NULL) return;
    mp_priv_fd_close(stream->fd);
    free(stream->lines.buffer);
    free(stream);
}

static void end_stream(struct mp_priv_stream *stream)
{
    mp_capture *capture = stream->capture;
    mp_priv_lines_end(&stream->lines, emit, stream);
    deliver(stream, MP_CAPTURE_END, "", 0);
    mp_priv_stream_free(stream);
    pthread_mutex_lock(&capture->lock);
    capture->n_open--;
    pthread_cond_broadcast(&capture->changed);
    pthread_mutex_unlock(&capture->lock);
}

/* Returns false when it is time to end. */
static bool take_fresh(struct reader *r)
{
    pthread_mutex_lock(&r->capture->lock);
    while (r->capture->fresh != NULL) {
        struct mp_priv_stream *stream = r->capture->fresh;
        r->capture->fresh = stream->next;
        stream->next = r->streams;
        r->streams = stream;
        r->n_streams++;
    }
    const bool goes_on = !r->capture->ends;
    pthread_mutex_unlock(&r->capture->lock);
    return goes_on;
}

/* Returns how many streams can be polled. Those for which there is no memory are looked at now and then. */
static size_t fill_polled(struct reader *r)
{
    if (r->max_polled < r->n_streams + 1) {
        struct pollfd *polled = mp_priv_alloc(2 * (r->n_streams + 1) * sizeof(*polled));
        if (polled != NULL) {
            free(r->polled);
            r->polled = polled;
            r->max_polled = 2 * (r->n_streams + 1);
        }
    }
    size_t n = 0;
    for (const struct mp_priv_stream *stream = r->streams; stream != NULL && n < r->max_polled; stream = stream->next) {
        r->polled[n++] = (struct pollfd){.fd = stream->fd, .events = POLLIN};
    }
    return n;
}

static void wait_for_events(struct reader *r, size_t n)
{
    char bytes[64];
    struct pollfd wake = {.fd = r->capture->wake[0], .events = POLLIN};
    const bool all = n == r->n_streams && n < r->max_polled;
    if (all) r->polled[n++] = wake;
    /* Without memory for all of them: all are looked at, a little later. */
    const int found = mp_priv_sys.poll(all ? r->polled : &wake, all ? (unsigned)n : 1, all ? -1 : RETRY_MS);
    if (found < 0 && errno != EINTR) (void)poll(NULL, 0, RETRY_MS);
    r->knows_events = all && found >= 0;
    while (mp_priv_sys.read(r->capture->wake[0], bytes, sizeof(bytes)) > 0) {}
}

static void *run(void *arg)
{
    struct reader r = {.capture = arg};
    pthread_mutex_lock(&r.capture->lock);
    r.capture->thread = pthread_self();
    r.capture->is_running = true;
    pthread_mutex_unlock(&r.capture->lock);
    while (take_fresh(&r)) {
        wait_for_events(&r, fill_polled(&r));
        size_t i = 0;
        for (struct mp_priv_stream **link = &r.streams; *link != NULL; i++) {
            struct mp_priv_stream *stream = *link;
            if ((r.knows_events && r.polled[i].revents == 0) || read_stream(stream)) {
                link = &stream->next;
                continue;
            }
            *link = stream->next;
            r.n_streams--;
            end_stream(stream);
        }
    }
    while (r.streams != NULL) {
        struct mp_priv_stream *stream = r.streams;
        r.streams = stream->next;
        end_stream(stream);
    }
    free(r.polled);
    pthread_mutex_lock(&r.capture->lock);
    r.capture->has_ended = true;
    pthread_cond_broadcast(&r.capture->changed);
    pthread_mutex_unlock(&r.capture->lock);
    return NULL;
}

int mp_priv_stream_new(mp_capture *capture, void *child, int number, struct mp_priv_stream **ret_stream)
{
    struct mp_priv_stream *stream = mp_priv_alloc(sizeof(*stream));
    if (stream == NULL) return MP_ENOMEM;
    stream->capture = capture;
    stream->child = child;
    stream->number = number;
    stream->fd = -1;
    stream->lines.max = capture->max_line;
    stream->lines.buffer = mp_priv_alloc(capture->max_line + 2);
    if (stream->lines.buffer == NULL) {
        free(stream);
        return MP_ENOMEM;
    }
    *ret_stream = stream;
    return 0;
}

static void wake(mp_capture *capture)
{
    /* A full pipe wakes it as well. Without memory for a byte now there is some later: it must be woken. */
    while (mp_priv_sys.write(capture->wake[1], "", 1) < 0 && errno != EAGAIN) {
        if (errno != EINTR) (void)poll(NULL, 0, RETRY_MS);
    }
}

void mp_priv_stream_start(struct mp_priv_stream *stream, mp_handle handle)
{
    mp_capture *capture = stream->capture;
    stream->fd = handle;
    pthread_mutex_lock(&capture->lock);
    stream->next = capture->fresh;
    capture->fresh = stream;
    capture->n_open++;
    pthread_mutex_unlock(&capture->lock);
    wake(capture);
}

static int copy_options(mp_capture_options *known, const mp_capture_options *options, mp_error *reterr)
{
    if (options == NULL || options->size < sizeof(*known) || options->callback == NULL) {
        return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "capture: no callback, or no MP_CAPTURE_OPTIONS_INIT");
    }
    const int r = mp_priv_options_check_rest("capture", options, sizeof(*known), options->size, reterr);
    if (r < 0) return r;
    *known = *options;
    if (known->max_line == 0) known->max_line = MP_CAPTURE_LINE_DEFAULT;
    if (known->max_line > LINE_MAX_BYTES) {
        return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "capture: lines of %zu bytes, at most %d",
                              known->max_line, LINE_MAX_BYTES);
    }
    return 0;
}

static void capture_free(mp_capture *capture)
{
    mp_priv_fd_close(capture->wake[0]);
    mp_priv_fd_close(capture->wake[1]);
    pthread_cond_destroy(&capture->changed);
    pthread_mutex_destroy(&capture->lock);
    free(capture);
}

static void init_cond(pthread_cond_t *cond)
{
#ifdef __APPLE__
    pthread_cond_init(cond, NULL);
#else
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &attributes);
    pthread_condattr_destroy(&attributes);
#endif
}

static int make_wake(mp_capture *capture)
{
    if (mp_priv_sys.make_pipe(capture->wake) < 0) {
        const int status = -errno;
        capture->wake[0] = capture->wake[1] = -1;
        return status;
    }
    const int r = mp_socket_set_nonblocking(capture->wake[0], 1, NULL);
    return r < 0 ? r : mp_socket_set_nonblocking(capture->wake[1], 1, NULL);
}

int mp_capture_new(const mp_capture_options *options, mp_capture **ret_capture, mp_error *reterr)
{
    mp_capture_options known = MP_CAPTURE_OPTIONS_INIT;
    int r = copy_options(&known, options, reterr);
    if (r < 0) return r;
    if (ret_capture == NULL) return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "capture: ret_capture is NULL");
    const int saved = errno;
    mp_capture *capture = mp_priv_alloc(sizeof(*capture));
    if (capture == NULL) return mp_priv_fail(reterr, MP_ENOMEM, MP_STAGE_MEMORY, "capture");
    capture->callback = known.callback;
    capture->user = known.user;
    capture->max_line = known.max_line;
    capture->n_ref = 1;
    pthread_mutex_init(&capture->lock, NULL);
    init_cond(&capture->changed);
    r = make_wake(capture);
    if (r == 0 && mp_priv_sys.thread_start(run, capture) < 0) r = -errno;
    errno = saved;
    if (r < 0) {
        capture_free(capture);
        return mp_priv_fail(reterr, r, MP_STAGE_STDIO, "capture: starting");
    }
    *ret_capture = capture;
    return 0;
}

/* Under the lock. Returns false after the deadline. */
static bool wait_changed(mp_capture *capture, int timeout_ms, const struct timespec *deadline)
{
    if (timeout_ms == 0) return false;
    if (timeout_ms < 0) return pthread_cond_wait(&capture->changed, &capture->lock) == 0;
    return pthread_cond_timedwait(&capture->changed, &capture->lock, deadline) == 0;
}

int mp_capture_wait(mp_capture *capture, int timeout_ms, mp_error *reterr)
{
    if (capture == NULL || timeout_ms < -1) {
        return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "capture: wait: NULL, or a timeout of %d", timeout_ms);
    }
    struct timespec deadline;
#ifdef __APPLE__
    clock_gettime(CLOCK_REALTIME, &deadline);
#else
    clock_gettime(CLOCK_MONOTONIC, &deadline);
#endif
    deadline.tv_sec += timeout_ms / 1000;
    deadline.tv_nsec += timeout_ms % 1000 * 1000000L;
    if (deadline.tv_nsec >= 1000000000) {
        deadline.tv_sec++;
        deadline.tv_nsec -= 1000000000;
    }
    int r = 0;
    pthread_mutex_lock(&capture->lock);
    if (capture->is_running && pthread_equal(capture->thread, pthread_self())) r = MP_EDEADLK;
    while (r == 0 && capture->n_open > 0) {
        if (!wait_changed(capture, timeout_ms, &deadline) && capture->n_open > 0) r = MP_ETIMEDOUT;
    }
    pthread_mutex_unlock(&capture->lock);
    return r < 0 ? mp_priv_fail_code(reterr, r, 0, MP_STAGE_WAIT, "capture: wait") : 0;
}

mp_capture *mp_capture_ref(mp_capture *capture)
{
    if (capture == NULL) return NULL;
    pthread_mutex_lock(&capture->lock);
    capture->n_ref++;
    pthread_mutex_unlock(&capture->lock);
    return capture;
}

mp_capture *mp_capture_unref(mp_capture *capture)
{
    if (capture == NULL) return NULL;
    const int saved = errno;
    pthread_mutex_lock(&capture->lock);
    const bool last = --capture->n_ref == 0;
    capture->ends = last;
    if (last) wake(capture);
    while (last && !capture->has_ended) pthread_cond_wait(&capture->changed, &capture->lock);
    pthread_mutex_unlock(&capture->lock);
    if (last) capture_free(capture);
    errno = saved;
    return NULL;
}
