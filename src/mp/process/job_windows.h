/* Job objects: processes that are ended together. */
#ifndef MP_PROCESS_JOB_WINDOWS_H
#define MP_PROCESS_JOB_WINDOWS_H

#include <mp/process/system_windows.h>

/** A job of its own for a child that does not run yet. The caller closes it, which ends nobody.
 *  Returns 0 or the system's code. */
DWORD mp_priv_job_make(HANDLE child, HANDLE *ret_job);

/** Have a child that does not run yet end with this process. Returns 0 or the system's code. */
DWORD mp_priv_job_die_with_us(HANDLE child);

#endif
