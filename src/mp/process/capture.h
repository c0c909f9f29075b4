/* The streams of a child that are to be captured. */
#ifndef MP_PROCESS_CAPTURE_H
#define MP_PROCESS_CAPTURE_H

#include <mp/c/capture.h>
#include <mp/c/socket.h>

/** One stream that is or will be read. */
struct mp_priv_stream;

/** Everything that reading a stream needs, before there is a child. number is 1 or 2.
 *  Returns 0 or a negative status. */
int mp_priv_stream_new(mp_capture *capture, void *child, int number, struct mp_priv_stream **ret_stream);

/** Read it from now on. Takes both over. Can't fail. */
void mp_priv_stream_start(struct mp_priv_stream *stream, mp_socket socket);

/** Instead of starting it. NULL is allowed. */
void mp_priv_stream_free(struct mp_priv_stream *stream);

#endif
