/* What a capture needs of the system: a thread, a lock, and waiting for many streams at once. */
#ifndef MP_PROCESS_CAPTURE_SYSTEM_H
#define MP_PROCESS_CAPTURE_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef _WIN32
#include <mp/process/system_windows.h>
#else
#include <poll.h>
#include <pthread.h>
#endif

#include <mp/c/socket.h>

struct mp_capture;

/** The lock guards what is shared with the thread; changed tells that it has changed. A byte wakes the thread. */
struct mp_priv_capture_system {
    mp_socket wake[2];
    bool is_running; /* thread is set */
#ifdef _WIN32
    SRWLOCK lock;
    CONDITION_VARIABLE changed;
    DWORD thread;
#else
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t thread;
#endif
};

/** Returns 0 or a negative status; closed in any case. */
int mp_priv_capture_system_open(struct mp_priv_capture_system *system);
void mp_priv_capture_system_close(struct mp_priv_capture_system *system);

void mp_priv_capture_lock(struct mp_priv_capture_system *system);
void mp_priv_capture_unlock(struct mp_priv_capture_system *system);
/** Wakes those that wait. */
void mp_priv_capture_broadcast(struct mp_priv_capture_system *system);

/** A moment from now on; -1 for a timeout below 0: never. */
int64_t mp_priv_capture_deadline(int timeout_ms);
/** Under the lock. Returns false after the deadline. */
bool mp_priv_capture_wait_changed(struct mp_priv_capture_system *system, int64_t deadline);

/** Start mp_priv_capture_run. Returns 0 or a negative status. */
int mp_priv_capture_start(struct mp_capture *capture);
/** What the thread does: platform-independent. */
void mp_priv_capture_run(struct mp_capture *capture);
/** The caller is the thread. */
void mp_priv_capture_set_thread(struct mp_priv_capture_system *system);
/** Whether the caller is the thread. Under the lock. */
bool mp_priv_capture_is_thread(const struct mp_priv_capture_system *system);

/** Wake the thread. */
void mp_priv_capture_wake(struct mp_priv_capture_system *system);
/** Nothing more to be woken for, until the next byte. */
void mp_priv_capture_woken(struct mp_priv_capture_system *system);

/** Wait for one of so many to be readable. Returns how many are, or MP_EINTR, or another negative status. */
int mp_priv_capture_poll(struct pollfd *polled, size_t count, int timeout_ms);
void mp_priv_capture_pause(int time_ms);

/** Returns the number of bytes, 0 at the end, MP_EAGAIN, MP_EINTR, or another negative status. */
ptrdiff_t mp_priv_capture_read(mp_socket stream, void *data, size_t size);

#endif
