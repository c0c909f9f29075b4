/* The handle of a child. Windows keeps status and number as long as the process handle is open. */
#ifndef MP_PROCESS_PROCESS_WINDOWS_H
#define MP_PROCESS_PROCESS_WINDOWS_H

#include <mp/process/system_windows.h>

#include <mp/c/process.h>

struct mp_process {
    volatile LONG n_ref;
    HANDLE handle;
    DWORD pid;

    SRWLOCK lock; /* guards what follows */
    int kill_signal; /* the signal that mp_process_kill stood for */
    bool ended;      /* exit is the answer */
    bool released;
    mp_exit exit;
};

/** Takes handle over on success. One reference. NULL if there is no memory. */
mp_process *mp_priv_process_new(HANDLE handle, DWORD pid);

#endif
