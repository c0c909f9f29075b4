/* One thread for each capture. It reads a stream only when its callback has returned from the last lines, so that
 * memory is bounded by the streams' buffers, and a child that writes faster waits in its pipe. */
#include <mp/process/capture.h>

#include <errno.h>
#include <stdlib.h>

#include <mp/c/socket.h>
#include <mp/process/capture_system.h>
#include <mp/process/error.h>
#include <mp/process/lines.h>
#include <mp/process/memory.h>
#include <mp/process/options.h>

enum { LINE_MAX_BYTES = 16 << 20, READS_IN_A_ROW = 16, RETRY_MS = 10 };

struct mp_priv_stream {
    struct mp_priv_stream *next;
    mp_capture *capture;
    void *child;
    int number;
    mp_socket socket;
    struct mp_priv_lines lines;
};

struct mp_capture {
    mp_capture_fn *callback;
    void *user;
    size_t max_line;
    struct mp_priv_capture_system system;

    /* Guarded by the lock. */
    unsigned n_ref;
    size_t n_open;                /* streams that were started and whose end was not handed over yet */
    struct mp_priv_stream *fresh; /* started, and not seen by the thread yet */
    bool ends;                    /* the last reference is gone */
    bool has_ended;               /* the thread touches nothing any more */
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
        const ptrdiff_t n = mp_priv_capture_read(stream->socket, to, room);
        if (n == MP_EINTR) continue;
        if (n == MP_EAGAIN) return true;
        if (n <= 0) return false;
        mp_priv_lines_add(&stream->lines, (size_t)n, emit, stream);
    }
    return true;
}

void mp_priv_stream_free(struct mp_priv_stream *stream)
{
    if (stream == NULL) return;
    (void)mp_socket_close(stream->socket);
    free(stream->lines.buffer);
    free(stream);
}

static void end_stream(struct mp_priv_stream *stream)
{
    mp_capture *capture = stream->capture;
    mp_priv_lines_end(&stream->lines, emit, stream);
    deliver(stream, MP_CAPTURE_END, "", 0);
    mp_priv_stream_free(stream);
    mp_priv_capture_lock(&capture->system);
    capture->n_open--;
    mp_priv_capture_broadcast(&capture->system);
    mp_priv_capture_unlock(&capture->system);
}

/* Returns false when it is time to end. */
static bool take_fresh(struct reader *r)
{
    mp_priv_capture_lock(&r->capture->system);
    while (r->capture->fresh != NULL) {
        struct mp_priv_stream *stream = r->capture->fresh;
        r->capture->fresh = stream->next;
        stream->next = r->streams;
        r->streams = stream;
        r->n_streams++;
    }
    const bool goes_on = !r->capture->ends;
    mp_priv_capture_unlock(&r->capture->system);
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
        r->polled[n++] = (struct pollfd){.fd = stream->socket, .events = POLLIN};
    }
    return n;
}

static void wait_for_events(struct reader *r, size_t n)
{
    struct mp_priv_capture_system *system = &r->capture->system;
    struct pollfd wake = {.fd = system->wake[0], .events = POLLIN};
    const bool all = n == r->n_streams && n < r->max_polled;
    if (all) r->polled[n++] = wake;
    /* Without memory for all of them: all are looked at, a little later. */
    const int found = mp_priv_capture_poll(all ? r->polled : &wake, all ? n : 1, all ? -1 : RETRY_MS);
    if (found < 0 && found != MP_EINTR) mp_priv_capture_pause(RETRY_MS);
    r->knows_events = all && found >= 0;
    mp_priv_capture_woken(system);
}

void mp_priv_capture_run(mp_capture *capture)
{
    struct reader r = {.capture = capture};
    mp_priv_capture_lock(&capture->system);
    mp_priv_capture_set_thread(&capture->system);
    mp_priv_capture_unlock(&capture->system);
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
    mp_priv_capture_lock(&capture->system);
    capture->has_ended = true;
    mp_priv_capture_broadcast(&capture->system);
    mp_priv_capture_unlock(&capture->system);
}

int mp_priv_stream_new(mp_capture *capture, void *child, int number, struct mp_priv_stream **ret_stream)
{
    struct mp_priv_stream *stream = mp_priv_alloc(sizeof(*stream));
    if (stream == NULL) return MP_ENOMEM;
    stream->capture = capture;
    stream->child = child;
    stream->number = number;
    stream->socket = MP_SOCKET_INVALID;
    stream->lines.max = capture->max_line;
    stream->lines.buffer = mp_priv_alloc(capture->max_line + 2);
    if (stream->lines.buffer == NULL) {
        free(stream);
        return MP_ENOMEM;
    }
    *ret_stream = stream;
    return 0;
}

void mp_priv_stream_start(struct mp_priv_stream *stream, mp_socket socket)
{
    mp_capture *capture = stream->capture;
    stream->socket = socket;
    mp_priv_capture_lock(&capture->system);
    stream->next = capture->fresh;
    capture->fresh = stream;
    capture->n_open++;
    mp_priv_capture_unlock(&capture->system);
    mp_priv_capture_wake(&capture->system);
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
    mp_priv_capture_system_close(&capture->system);
    free(capture);
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
    r = mp_priv_capture_system_open(&capture->system);
    if (r == 0) r = mp_priv_capture_start(capture);
    errno = saved;
    if (r < 0) {
        capture_free(capture);
        return mp_priv_fail(reterr, r, MP_STAGE_STDIO, "capture: starting");
    }
    *ret_capture = capture;
    return 0;
}

int mp_capture_wait(mp_capture *capture, int timeout_ms, mp_error *reterr)
{
    if (capture == NULL || timeout_ms < -1) {
        return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "capture: wait: NULL, or a timeout of %d", timeout_ms);
    }
    const int64_t deadline = mp_priv_capture_deadline(timeout_ms);
    int r = 0;
    mp_priv_capture_lock(&capture->system);
    if (mp_priv_capture_is_thread(&capture->system)) r = MP_EDEADLK;
    while (r == 0 && capture->n_open > 0) {
        const bool in_time = timeout_ms != 0 && mp_priv_capture_wait_changed(&capture->system, deadline);
        if (!in_time && capture->n_open > 0) r = MP_ETIMEDOUT;
    }
    mp_priv_capture_unlock(&capture->system);
    return r < 0 ? mp_priv_fail_code(reterr, r, 0, MP_STAGE_WAIT, "capture: wait") : 0;
}

mp_capture *mp_capture_ref(mp_capture *capture)
{
    if (capture == NULL) return NULL;
    mp_priv_capture_lock(&capture->system);
    capture->n_ref++;
    mp_priv_capture_unlock(&capture->system);
    return capture;
}

mp_capture *mp_capture_unref(mp_capture *capture)
{
    if (capture == NULL) return NULL;
    const int saved = errno;
    mp_priv_capture_lock(&capture->system);
    const bool last = --capture->n_ref == 0;
    capture->ends = last;
    if (last) mp_priv_capture_wake(&capture->system);
    while (last && !capture->has_ended) (void)mp_priv_capture_wait_changed(&capture->system, -1);
    mp_priv_capture_unlock(&capture->system);
    if (last) capture_free(capture);
    errno = saved;
    return NULL;
}
