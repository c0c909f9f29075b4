#include <mp/c/process.h>

#include <mp/process/error.h>
#include <mp/process/options.h>

/* The numbers that every platform uses for them. */
enum { SIGNAL_KILL = 9, SIGNAL_TERM = 15 };

static int send(mp_process *process, int signal, mp_error *reterr)
{
    const int r = mp_process_kill(process, signal);
    if (r == 0 || r == MP_ESRCH) return 0; /* it ended, and somebody has seen it: waiting tells how */
    return mp_priv_fail(reterr, r, MP_STAGE_WAIT, "terminate process %d: signal %d", mp_process_pid(process), signal);
}

/* One whose status is lost may still run. */
static int wait_gone(mp_process *process, int timeout_ms, mp_exit *ret_exit, mp_error *reterr)
{
    int r = mp_process_wait(process, timeout_ms, ret_exit, reterr);
    if (r < 0 || ret_exit->how != MP_EXIT_LOST) return r;
    r = mp_priv_process_wait_gone(process, timeout_ms);
    return r < 0 ? mp_priv_fail(reterr, r, MP_STAGE_WAIT, "terminate process %d", mp_process_pid(process)) : 0;
}

int mp_process_terminate(mp_process *process, int grace_ms, mp_exit *ret_exit, mp_error *reterr)
{
    if (process == NULL) return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "terminate: process is NULL");
    if (grace_ms < -1) {
        return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "terminate: grace period %d", grace_ms);
    }
    mp_exit exit;
    int r = send(process, SIGNAL_TERM, reterr);
    if (r < 0) return r;
    r = wait_gone(process, grace_ms, &exit, reterr);
    if (r == MP_ETIMEDOUT) {
        r = send(process, SIGNAL_KILL, reterr);
        if (r == 0) r = wait_gone(process, -1, &exit, reterr);
    }
    if (r == 0 && ret_exit != NULL) *ret_exit = exit;
    return r;
}
