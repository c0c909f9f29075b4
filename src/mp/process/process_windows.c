#include <mp/process/process_windows.h>

#include <stdlib.h>

#include <psapi.h>

#include <mp/process/memory.h>
#include <mp/process/options.h>

/* The numbers that every platform uses for them. */
enum { SIGNAL_KILL = 9, SIGNAL_TERM = 15, KILLED_BASE = 128 };

mp_process *mp_priv_process_new(void)
{
    mp_process *process = mp_priv_alloc(sizeof(*process));
    if (process == NULL) return NULL;
    process->n_ref = process->n_user = 1;
    InitializeSRWLock(&process->lock);
    process->output[0] = process->output[1] = MP_SOCKET_INVALID;
    return process;
}

void mp_priv_process_set_child(mp_process *process, uint64_t flags, HANDLE handle, DWORD pid, HANDLE job)
{
    process->kill_on_unref = (flags & MP_SPAWN_KILL_ON_UNREF) != 0;
    process->handle = handle;
    process->pid = pid;
    process->job = job;
}

static int64_t microseconds(FILETIME time)
{
    return (int64_t)((((uint64_t)time.dwHighDateTime << 32) | time.dwLowDateTime) / 10);
}

static void read_usage(HANDLE handle, mp_exit *out)
{
    FILETIME created, ended, system, user;
    PROCESS_MEMORY_COUNTERS memory;
    if (GetProcessTimes(handle, &created, &ended, &system, &user)) {
        out->user_time_us = microseconds(user);
        out->system_time_us = microseconds(system);
    }
    if (K32GetProcessMemoryInfo(handle, &memory, sizeof(memory))) {
        out->max_rss_kib = (int64_t)(memory.PeakWorkingSetSize / 1024);
    }
}

/* Under the lock, after the handle was signaled. */
static int read_exit(mp_process *process)
{
    DWORD code;
    if (!GetExitCodeProcess(process->handle, &code)) return mp_priv_status_of(GetLastError());
    /* Of several signals the first one counts, which ended it. */
    const int signal = process->was_terminated && code == KILLED_BASE + SIGNAL_TERM ? SIGNAL_TERM
                       : process->was_killed && code == KILLED_BASE + SIGNAL_KILL   ? SIGNAL_KILL
                                                                                    : 0;
    process->exit.how = signal != 0 ? MP_EXIT_SIGNALED : MP_EXIT_EXITED;
    process->exit.value = signal != 0 ? signal : (int32_t)code;
    read_usage(process->handle, &process->exit);
    process->ended = true;
    return 0;
}

static bool is_released(mp_process *process)
{
    AcquireSRWLockShared(&process->lock);
    const bool released = process->released;
    ReleaseSRWLockShared(&process->lock);
    return released;
}

static int wait_for(mp_process *process, int timeout_ms, mp_exit *ret_exit)
{
    if (is_released(process)) return MP_ECHILD;
    const DWORD waited = WaitForSingleObject(process->handle, timeout_ms < 0 ? INFINITE : (DWORD)timeout_ms);
    if (waited == WAIT_FAILED) return mp_priv_status_of(GetLastError());
    AcquireSRWLockExclusive(&process->lock);
    int r = 0;
    if (process->released) {
        r = MP_ECHILD;
    } else if (waited == WAIT_TIMEOUT) {
        r = MP_ETIMEDOUT;
    } else if (!process->ended) {
        r = read_exit(process);
    }
    if (r == 0 && ret_exit != NULL) *ret_exit = process->exit;
    ReleaseSRWLockExclusive(&process->lock);
    return r;
}

int mp_process_wait(mp_process *process, int timeout_ms, mp_exit *ret_exit, mp_error *reterr)
{
    if (process == NULL) return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "wait: process is NULL");
    if (timeout_ms < -1) {
        return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "wait: timeout %d", timeout_ms);
    }
    const int r = wait_for(process, timeout_ms, ret_exit);
    return r < 0 ? mp_priv_fail(reterr, r, MP_STAGE_WAIT, "wait for process %d", (int)process->pid) : 0;
}

int mp_process_pid(const mp_process *process)
{
    return process == NULL ? MP_EINVAL : (int)process->pid;
}

mp_handle mp_process_exit_fd(const mp_process *process)
{
    return process == NULL ? MP_HANDLE_INVALID : process->handle;
}

/* Under the lock, with which it is sent. */
static void note_signal(mp_process *process, int signal)
{
    if (signal == SIGNAL_TERM) process->was_terminated = true;
    if (signal == SIGNAL_KILL) process->was_killed = true;
}

/* A process has its exit code from the moment on when it begins to end. The handle is signaled when it has ended. */
static bool is_ending(HANDLE process)
{
    DWORD code;
    return (GetExitCodeProcess(process, &code) && code != STILL_ACTIVE) ||
           WaitForSingleObject(process, 0) == WAIT_OBJECT_0;
}

/* Under the lock. */
static int terminate(mp_process *process, int signal)
{
    if (WaitForSingleObject(process->handle, 0) == WAIT_OBJECT_0 || signal == 0) return 0;
    if (TerminateProcess(process->handle, (UINT)(KILLED_BASE + signal))) {
        note_signal(process, signal);
        return 0;
    }
    const DWORD code = GetLastError();
    /* "Access denied" for what ends already, by itself or by a signal before. */
    return code == ERROR_ACCESS_DENIED && is_ending(process->handle) ? 0 : mp_priv_status_of(code);
}

int mp_process_kill(mp_process *process, int signal)
{
    if (process == NULL || signal < 0) return MP_EINVAL;
    if (signal != 0 && signal != SIGNAL_KILL && signal != SIGNAL_TERM) return MP_ENOTSUP;
    AcquireSRWLockExclusive(&process->lock);
    const int r = process->ended || process->released ? MP_ESRCH : terminate(process, signal);
    ReleaseSRWLockExclusive(&process->lock);
    return r;
}

/* Under the lock. */
static int terminate_group(mp_process *process, int signal)
{
    JOBOBJECT_BASIC_ACCOUNTING_INFORMATION info;
    if (process->released) return MP_ESRCH;
    if (!QueryInformationJobObject(process->job, JobObjectBasicAccountingInformation, &info, sizeof(info), NULL)) {
        return mp_priv_status_of(GetLastError());
    }
    if (info.ActiveProcesses == 0) return MP_ESRCH;
    if (signal == 0) return 0;
    const bool runs = WaitForSingleObject(process->handle, 0) != WAIT_OBJECT_0;
    if (!TerminateJobObject(process->job, (UINT)(KILLED_BASE + signal))) return mp_priv_status_of(GetLastError());
    if (runs) note_signal(process, signal);
    return 0;
}

int mp_process_kill_group(mp_process *process, int signal)
{
    if (process == NULL || process->job == NULL || signal < 0) return MP_EINVAL;
    if (signal != 0 && signal != SIGNAL_KILL && signal != SIGNAL_TERM) return MP_ENOTSUP;
    AcquireSRWLockExclusive(&process->lock);
    const int r = terminate_group(process, signal);
    ReleaseSRWLockExclusive(&process->lock);
    return r;
}

static void hold(mp_process *process)
{
    InterlockedIncrement(&process->n_ref);
}

static void drop(mp_process *process)
{
    if (InterlockedDecrement(&process->n_ref) != 0) return;
    mp_priv_close(process->job);
    mp_priv_close(process->handle);
    free(process);
}

static void CALLBACK tell(PTP_CALLBACK_INSTANCE instance, void *arg, PTP_WAIT wait, TP_WAIT_RESULT result)
{
    mp_process *process = arg;
    mp_exit exit;
    (void)CallbackMayRunLong(instance);
    (void)result;
    if (wait_for(process, 0, &exit) == 0) process->on_exit(process->on_exit_user, process, &exit);
    CloseThreadpoolWait(wait);
    drop(process);
}

/* Under the lock. */
static int set_on_exit(mp_process *process, mp_process_exit_fn *callback, void *user)
{
    if (process->released) return MP_ECHILD;
    if (process->on_exit != NULL) return MP_EALREADY;
    const PTP_WAIT wait = CreateThreadpoolWait(tell, process, NULL);
    if (wait == NULL) return mp_priv_status_of(GetLastError());
    hold(process);
    process->on_exit_user = user;
    process->on_exit = callback;
    SetThreadpoolWait(wait, process->handle, NULL);
    return 0;
}

int mp_process_on_exit(mp_process *process, mp_process_exit_fn *callback, void *user, mp_error *reterr)
{
    if (process == NULL || callback == NULL) {
        return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "on exit: an argument is NULL");
    }
    int r = mp_priv_stay_loaded();
    if (r == 0) {
        AcquireSRWLockExclusive(&process->lock);
        r = set_on_exit(process, callback, user);
        ReleaseSRWLockExclusive(&process->lock);
    }
    return r < 0 ? mp_priv_fail(reterr, r, MP_STAGE_WAIT, "on exit of process %d", (int)process->pid) : 0;
}

void mp_priv_process_set_output(mp_process *process, int number, mp_socket socket)
{
    process->output[number - 1] = socket;
}

int mp_priv_process_wait_gone(mp_process *process, int timeout_ms)
{
    (void)process; /* no status is ever lost */
    (void)timeout_ms;
    return 0;
}

int mp_process_take_output(mp_process *process, int stream, mp_socket *ret_socket)
{
    if (process == NULL || stream < 1 || stream > 2 || ret_socket == NULL) return MP_EINVAL;
    AcquireSRWLockExclusive(&process->lock);
    const mp_socket socket = process->output[stream - 1];
    process->output[stream - 1] = MP_SOCKET_INVALID;
    ReleaseSRWLockExclusive(&process->lock);
    if (socket == MP_SOCKET_INVALID) return MP_ENOENT;
    *ret_socket = socket;
    return 0;
}

int mp_process_release(mp_process *process, mp_process_id *ret_id)
{
    if (process == NULL || ret_id == NULL) return MP_EINVAL;
    int r = MP_ECHILD;
    AcquireSRWLockExclusive(&process->lock);
    if (!process->ended && !process->released) {
        /* A copy: exit_fd stays valid. */
        r = mp_handle_duplicate(process->handle, ret_id, NULL);
        process->released = r == 0;
    }
    ReleaseSRWLockExclusive(&process->lock);
    return r;
}

mp_process *mp_process_ref(mp_process *process)
{
    if (process == NULL) return NULL;
    InterlockedIncrement(&process->n_user);
    hold(process);
    return process;
}

mp_process *mp_process_unref(mp_process *process)
{
    if (process == NULL) return NULL;
    const bool last = InterlockedDecrement(&process->n_user) == 0;
    mp_socket output;
    for (int stream = 1; last && stream <= 2; stream++) {
        if (mp_process_take_output(process, stream, &output) == 0) (void)mp_socket_close(output);
    }
    if (last && process->kill_on_unref) (void)mp_process_kill(process, SIGNAL_KILL);
    drop(process);
    return NULL;
}
