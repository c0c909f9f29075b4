#define _GNU_SOURCE
#include <mp/process/fork_posix.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

#include <mp/c/status.h>
#include <mp/process/keeper_posix.h>
#include <mp/process/process_posix.h>

static pthread_mutex_t held_off = PTHREAD_MUTEX_INITIALIZER;
static atomic_uint n_forks; /* between the first process and this one */

/* In the order in which they are taken together: the reaper's is held around a child's, and that one around a request
 * to kill, which holds forks off. */
static void before_fork(void)
{
    mp_priv_reaper_lock();
    mp_priv_keeper_lock();
    mp_priv_fork_hold_off();
}

static void after_fork(void)
{
    mp_priv_fork_allow();
    mp_priv_keeper_unlock();
    mp_priv_reaper_unlock();
}

static void in_child(void)
{
    atomic_fetch_add_explicit(&n_forks, 1, memory_order_relaxed);
    mp_priv_keeper_forget_waiters();
    after_fork();
}

int64_t mp_priv_fork_owner(void)
{
    return (int64_t)atomic_load_explicit(&n_forks, memory_order_relaxed) << 32 | getpid();
}

int mp_priv_fork_prepare(void)
{
    static atomic_bool prepared;
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    if (atomic_load_explicit(&prepared, memory_order_acquire)) return 0;
    int r = 0;
    pthread_mutex_lock(&lock);
    if (!atomic_load_explicit(&prepared, memory_order_relaxed)) {
        r = pthread_atfork(before_fork, after_fork, in_child) != 0 ? MP_ENOMEM : 0;
        atomic_store_explicit(&prepared, r == 0, memory_order_release);
    }
    pthread_mutex_unlock(&lock);
    return r;
}

void mp_priv_fork_hold_off(void)
{
    pthread_mutex_lock(&held_off);
}

void mp_priv_fork_allow(void)
{
    pthread_mutex_unlock(&held_off);
}
