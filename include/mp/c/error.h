/* <mp/c/error.h>: where and why a call failed, in the caller's memory. */
#ifndef MP_C_ERROR_H
#define MP_C_ERROR_H

#include <stdint.h>

#include <mp/c/export.h>
#include <mp/c/status.h>

/** The step that failed. Append only. */
typedef enum mp_stage {
    MP_STAGE_NONE = 0,
    MP_STAGE_ARGUMENT = 1,   /* an argument or an option was refused; nothing was done */
    MP_STAGE_MEMORY = 2,     /* allocation */
    MP_STAGE_PAIR = 3,       /* socket pair */
    MP_STAGE_SOCKET = 4,     /* another operation on a socket or handle */
    MP_STAGE_CALLBACK = 5,   /* a callback of the caller failed */
    MP_STAGE_FORK = 6,       /* making the new process, and what it needs in the parent */
    MP_STAGE_STDIO = 7,      /* opening or installing stdin, stdout, stderr */
    MP_STAGE_DESCRIPTOR = 8, /* arranging the child's other descriptors */
    MP_STAGE_SIGNAL = 9,     /* the child's signal mask and dispositions */
    MP_STAGE_CHDIR = 10,     /* working directory */
    MP_STAGE_EXEC = 11,      /* executing the program */
    MP_STAGE_CONNECT = 12,   /* handing over or accepting the connection of a child */
    MP_STAGE_WAIT = 13,      /* learning how a child ended */
    MP_STAGE_GROUP = 14,     /* the child's process group or session */
    MP_STAGE_LIMIT = 15,     /* a resource limit of the child */
    MP_STAGE_PRIORITY = 16,  /* the child's niceness */
    MP_STAGE_USER = 17,      /* the child's user and groups */
    MP_STAGE_PARENT = 18,    /* tying the child's life to this process */
    MP_STAGE_SERVER = 19,    /* reaching the spawn server or the fork server */
    MP_STAGE_ADDRESS = 20    /* understanding an address, listening on it or connecting to it */
} mp_stage;

#define MP_ERROR_MESSAGE_SIZE 120

/** Filled on failure only, and then completely. The layout is frozen. No memory behind it: copy it,
 *  drop it, reuse it. */
typedef struct mp_error {
    int32_t status;      /* what the function returned: enum mp_status */
    int32_t stage;       /* enum mp_stage */
    int32_t system_code; /* errno, GetLastError() or WSAGetLastError(); 0 if the system had no part in it */
    char message[MP_ERROR_MESSAGE_SIZE]; /* names operation and operand; NUL-terminated UTF-8 */
} mp_error;

#ifdef __cplusplus
static_assert(sizeof(mp_error) == 132, "the layout of mp_error is frozen");
#else
_Static_assert(sizeof(mp_error) == 132, "the layout of mp_error is frozen");
#endif

#endif
