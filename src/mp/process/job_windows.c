#include <mp/process/job_windows.h>

#include <string.h>

DWORD mp_priv_job_make(HANDLE *ret_job)
{
    *ret_job = CreateJobObjectW(NULL, NULL);
    return *ret_job != NULL ? 0 : GetLastError();
}

/* Its only handle is closed when this process ends. */
static BOOL CALLBACK make_ours(INIT_ONCE *once, void *arg, void **ret_job)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits;
    DWORD *code = arg;
    (void)once;
    memset(&limits, 0, sizeof(limits));
    limits.BasicLimitInformation.LimitFlags =
        JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK;
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

DWORD mp_priv_job_of_ours(HANDLE *ret_job)
{
    static INIT_ONCE once = INIT_ONCE_STATIC_INIT;
    DWORD code = 0;
    return InitOnceExecuteOnce(&once, make_ours, &code, ret_job) ? 0 : code;
}
