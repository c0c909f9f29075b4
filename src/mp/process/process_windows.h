/* The handle of a child. Windows keeps status and number as long as the process handle is open. */
#ifndef MP_PROCESS_PROCESS_WINDOWS_H
#define MP_PROCESS_PROCESS_WINDOWS_H

#include <mp/process/system_windows.h>

#include <mp/c/process.h>

struct mp_process {
    volatile LONG n_ref;  /* the callers' references and the library's */
    volatile LONG n_user; /* the callers' */
    HANDLE handle;
    HANDLE job; /* the child and its children, if it leads a group; or NULL */
    DWORD pid;
    bool kill_on_unref;

    SRWLOCK lock; /* guards what follows */
    bool was_terminated; /* by this handle: with SIGTERM, */
    bool was_killed;     /* with SIGKILL */
    bool ended;          /* exit is the answer */
    bool released;
    mp_exit exit;
    mp_socket output[2]; /* reading ends of captured streams that nobody took yet */
    mp_process_exit_fn *on_exit; /* or NULL */
    void *on_exit_user;
};

/** A handle without a child. One reference. NULL if there is no memory. */
mp_process *mp_priv_process_new(void);

/** The child exists, started with these flags. Takes handle and job over. */
void mp_priv_process_set_child(mp_process *process, uint64_t flags, HANDLE handle, DWORD pid, HANDLE job);

#endif
