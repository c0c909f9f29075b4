/* Spawn options, checked and complete: what every platform starts a child from. */
#ifndef MP_PROCESS_OPTIONS_H
#define MP_PROCESS_OPTIONS_H

#include <stdbool.h>

#include <mp/c/process.h>

/** The size of mp_spawn_options in the first released layout. */
#define MP_PRIV_SPAWN_OPTIONS_SIZE_MIN (offsetof(mp_spawn_options, stdio) + 3 * sizeof(mp_stdio))

struct mp_priv_link;

struct mp_priv_spawn {
    mp_spawn_options options;  /* the fields that this version knows; pointers are the caller's */
    bool stdio_closed[3];      /* inherited, but not open in the parent either */
    mp_fd_map connection;      /* the child's end of its connection; parent -1 without one */
    const char *search_path;   /* where a program without a slash is looked for; NULL: nowhere else */
    uint64_t blocked;          /* signals that the child starts with blocked, and ignored: bit 0 is signal 1 */
    uint64_t ignored;
    int32_t priority;          /* niceness, if it is to change */
    bool set_priority;
    struct mp_priv_link *server; /* that a private child is started by; NULL: this process's spawn server */
    int start_dir;             /* a directory's descriptor that the child starts from; -1: the parent's own */
    bool by_server;            /* this is the spawn server, whose only thread lives as long as itself */
    bool detached;             /* nobody's child */
};

/** A newer caller may pass a longer struct: refuse only what this version, which knows so much of it, can't
 *  honour. Returns 0 or MP_E2BIG. */
int mp_priv_options_check_rest(const char *what, const void *options, size_t known, size_t size, mp_error *reterr);

/** Check everything but argv. Makes nothing. */
int mp_priv_spawn_resolve(struct mp_priv_spawn *spawn, const mp_spawn_options *options, mp_error *reterr);

/** Check argv. */
int mp_priv_spawn_check_argv(const struct mp_priv_spawn *spawn, mp_error *reterr);

/** Check a handle that the options name: 0, or MP_EBADF. Platform. */
int mp_priv_handle_check(mp_handle handle);

/** Refuse what this system can't do, and look up what the child takes from this process. Platform. */
int mp_priv_spawn_resolve_system(struct mp_priv_spawn *spawn, mp_error *reterr);

/** Whether descriptor number 0, 1 or 2 is open. Platform. */
bool mp_priv_stdio_is_open(int number);

/** Start the child, its captured streams included. On success *ret_process holds one reference. */
int mp_priv_launch(struct mp_priv_spawn *spawn, mp_process **ret_process, mp_error *reterr);

/** The same, without captured streams. Platform. */
int mp_priv_launch_child(const struct mp_priv_spawn *spawn, mp_process **ret_process, mp_error *reterr);

/** Wait until a child whose status is lost runs no more. Returns 0, MP_ETIMEDOUT, or MP_ECHILD if that can't be
 *  known. Platform. */
int mp_priv_process_wait_gone(mp_process *process, int timeout_ms);

/** Give a process the reading end of its stream 1 or 2, to be taken. Platform. */
void mp_priv_process_set_output(mp_process *process, int number, mp_socket socket);

#endif
