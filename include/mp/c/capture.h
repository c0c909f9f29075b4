/* <mp/c/capture.h>: read what children write to their stdout and stderr. */
#ifndef MP_C_CAPTURE_H
#define MP_C_CAPTURE_H

#include <stddef.h>
#include <stdint.h>

#include <mp/c/error.h>
#include <mp/c/export.h>

/** Reads the captured streams of any number of children on a thread of its own, and hands over lines.
 *  AnyThread. After the application called fork(), only the process that made it may use it. */
typedef struct mp_capture mp_capture;

/** What is handed over. */
typedef enum mp_capture_kind {
    MP_CAPTURE_LINE = 0, /* a line, whose line break is left out */
    MP_CAPTURE_PART = 1, /* the beginning of a line that is longer than the limit, or the last one, which has no
                          * line break */
    MP_CAPTURE_END = 2   /* nobody has the stream open any more, on Windows not before the child has ended, or it
                          * was given up; length is 0 */
} mp_capture_kind;

typedef struct mp_capture_line {
    size_t size;      /* of this struct, as the library was compiled: later versions append fields */
    void *child;      /* capture_child of the options that the child was started with */
    int32_t stream;   /* 1: stdout, 2: stderr */
    int32_t kind;     /* enum mp_capture_kind */
    const char *text; /* length bytes as the child wrote them, which may not be UTF-8 and may contain NULs; a NUL
                       * follows them. Borrowed for the call */
    size_t length;
} mp_capture_line;

/** Called for each line, on the capture's thread: never twice at once for one capture, each stream's lines
 *  in order. While it runs nothing is read, so that children which write much wait. Must return: no
 *  longjmp, no exception. It must not unref the capture's last reference. */
typedef void mp_capture_fn(void *user, const mp_capture_line *line);

/** The longest line that is handed over as a whole, unless the options say otherwise. */
#define MP_CAPTURE_LINE_DEFAULT 8192

typedef struct mp_capture_options {
    size_t size; /* sizeof(mp_capture_options) as the caller's compiler saw it */
    mp_capture_fn *callback;
    void *user;
    size_t max_line; /* bytes, at most 16 MiB; each stream has a buffer of that size. 0: MP_CAPTURE_LINE_DEFAULT */
} mp_capture_options;

#define MP_CAPTURE_OPTIONS_INIT {sizeof(mp_capture_options), NULL, NULL, 0}

MP_BEGIN_DECLS

/** Make a capture, for children to be started with it (mp_spawn_options.capture).
 *  ret_capture  set on success only; the caller owns one reference.
 *  Returns 0, MP_EINVAL (no callback, too long a line), MP_E2BIG (a field that this version doesn't know),
 *  MP_ENOMEM, MP_EMFILE, MP_EAGAIN (no thread can be started), or another negative status. */
MP_API MP_NODISCARD int mp_capture_new(const mp_capture_options *options, mp_capture **ret_capture,
                                       mp_error *reterr);

/** Wait until every stream has been handed over to its end. The end of a child is not enough: its own
 *  children may have the streams open. On Windows, what they wrote last may be lost if they end after the child.
 *  timeout_ms  milliseconds; 0 only looks, -1 waits for ever.
 *  Returns 0, MP_ETIMEDOUT, MP_EDEADLK (called by the callback), or MP_EINVAL. */
MP_API MP_NODISCARD int mp_capture_wait(mp_capture *capture, int timeout_ms, mp_error *reterr);

/** Take one more reference. Returns capture; NULL is allowed. */
MP_API mp_capture *mp_capture_ref(mp_capture *capture);

/** Drop a reference; NULL is allowed. Dropping the last one gives up the streams that are still open: what
 *  was read is handed over, what wasn't is lost, and children that go on writing get SIGPIPE (on Windows their
 *  writes fail). Returns NULL when the callback has been called for the last time. */
MP_API mp_capture *mp_capture_unref(mp_capture *capture);

MP_END_DECLS

#endif
