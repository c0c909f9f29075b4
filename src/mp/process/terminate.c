#include <mp/c/process.h>

#include <mp/process/error.h>

/* The numbers that every platform uses for them. */
enum { SIGNAL_KILL = 9, SIGNAL_TERM = 15 };

static int send(mp_process *process, int signal, mp_error *reterr)
{
    const int r = mp_process_kill(process, signal);
    if (r == 0 || r == MP_ESRCH) return 0; /* it ended, and somebody has seen it: waiting tells how */
    return mp_priv_fail(reterr, r, MP_STAGE_WAIT, "terminate process %d: signal %d", mp_process_pid(process), signal);
}

int mp_process_terminate(mp_process *process, int grace_ms, mp_exit *ret_exit, mp_error *reterr)
{
    if (process == NULL) return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "terminate: process is NULL");
    if (grace_ms < -1) {
        return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "terminate: grace period %d", grace_ms);
    }
    int r = send(process, SIGNAL_TERM, reterr);
    if (r < 0) return r;
    r = mp_process_wait(process, grace_ms, ret_exit, reterr);
    if (r != MP_ETIMEDOUT) return r;
    r = send(process, SIGNAL_KILL, reterr);
    return r < 0 ? r : mp_process_wait(process, -1, ret_exit, reterr);
}
