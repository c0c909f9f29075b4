#include <mp/process/job_windows.h>

#include <string.h>

DWORD mp_priv_job_make(HANDLE child, HANDLE *ret_job)
{
    const HANDLE job = CreateJobObjectW(NULL, NULL);
    if (job == NULL) return GetLastError();
    if (!AssignProcessToJobObject(job, child)) {
        const DWORD code = GetLastError();
        mp_priv_close(job);
        return code;
    }
    *ret_job = job;
    return 0;
}

/* Its only handle is closed when this process ends, however it ends. */
static BOOL CALLBACK make_ours(INIT_ONCE *once, void *arg, void **ret_job)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits;
    DWORD *code = arg;
    (void)once;
    memset(&limits, 0, sizeof(limits));
    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
    const HANDLE job = CreateJobObjectW(NULL, NULL);
    if (job != NULL &&
        SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof(limits))) {
        *ret_job = job;
        return TRUE;
    }
    *code = GetLastError();
    mp_priv_close(job);
    return FALSE;
}

DWORD mp_priv_job_die_with_us(HANDLE child)
{
    static INIT_ONCE once = INIT_ONCE_STATIC_INIT;
    void *job = NULL;
    DWORD code = 0;
    if (!InitOnceExecuteOnce(&once, make_ours, &code, &job)) return code;
    return AssignProcessToJobObject(job, child) ? 0 : GetLastError();
}
