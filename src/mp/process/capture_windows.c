#include <mp/process/capture.h>

#include <mp/process/error.h>

int mp_priv_stream_new(mp_capture *capture, void *child, int number, struct mp_priv_stream **ret_stream)
{
    (void)capture;
    (void)child;
    (void)number;
    (void)ret_stream;
    return MP_ENOTSUP;
}

void mp_priv_stream_start(struct mp_priv_stream *stream, mp_handle handle)
{
    (void)stream;
    (void)handle;
}

void mp_priv_stream_free(struct mp_priv_stream *stream)
{
    (void)stream;
}

int mp_capture_new(const mp_capture_options *options, mp_capture **ret_capture, mp_error *reterr)
{
    (void)options;
    (void)ret_capture;
    return mp_priv_refuse(reterr, MP_ENOTSUP, MP_STAGE_ARGUMENT, "capture: not on Windows");
}

int mp_capture_wait(mp_capture *capture, int timeout_ms, mp_error *reterr)
{
    (void)capture;
    (void)timeout_ms;
    return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "capture: wait: there is none");
}

mp_capture *mp_capture_ref(mp_capture *capture)
{
    return capture;
}

mp_capture *mp_capture_unref(mp_capture *capture)
{
    (void)capture;
    return NULL;
}
