#define _GNU_SOURCE
#include <mp/process/fork_posix.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

#include <mp/c/status.h>
#include <mp/process/keeper_posix.h>
#include <mp/process/process_posix.h>

static struct {
    pthread_mutex_t lock;
    sigset_t before; /* guarded by it */
} held_off = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* It may make a child by fork(), where the system has nothing better. */
static _Thread_local bool holds_off;

static atomic_uint n_forks; /* between the first process and this one */

/* In the order in which they are taken together: the reaper's is held around a child's, and that one around a request
 * to kill, which holds forks off. */
static void before_fork(void)
{
    mp_priv_reaper_lock();
    mp_priv_keeper_lock();
    if (!holds_off) pthread_mutex_lock(&held_off.lock);
}

static void after_fork(void)
{
    if (!holds_off) pthread_mutex_unlock(&held_off.lock);
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

void mp_priv_fork_lock(pthread_mutex_t *lock, sigset_t *ret_before)
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, ret_before);
    pthread_mutex_lock(lock);
}

void mp_priv_fork_unlock(pthread_mutex_t *lock, const sigset_t *before)
{
    pthread_mutex_unlock(lock);
    pthread_sigmask(SIG_SETMASK, before, NULL);
}

void mp_priv_fork_hold_off(void)
{
    sigset_t before;
    mp_priv_fork_lock(&held_off.lock, &before);
    held_off.before = before;
    holds_off = true;
}

void mp_priv_fork_allow(void)
{
    const sigset_t before = held_off.before;
    holds_off = false;
    mp_priv_fork_unlock(&held_off.lock, &before);
}
