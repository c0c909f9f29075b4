/* Job objects: processes that are ended together. */
#ifndef MP_PROCESS_JOB_WINDOWS_H
#define MP_PROCESS_JOB_WINDOWS_H

#include <mp/process/system_windows.h>

/** A job for one child and all that it starts. The caller closes it, which ends nobody. Returns 0 or the system's
 *  code. */
DWORD mp_priv_job_make(HANDLE *ret_job);

/** The job whose processes end with this one, however it ends; what they start is not in it. Stays open. Returns 0 or
 *  the system's code. */
DWORD mp_priv_job_of_ours(HANDLE *ret_job);

#endif
