#include <mp/process/capture_system.h>

#include <limits.h>
#include <string.h>

enum { RETRY_MS = 10 };

int mp_priv_capture_system_open(struct mp_priv_capture_system *system)
{
    InitializeSRWLock(&system->lock);
    InitializeConditionVariable(&system->changed);
    system->wake[0] = system->wake[1] = MP_SOCKET_INVALID;
    int r = mp_socket_pair(&system->wake[0], &system->wake[1], NULL);
    if (r == 0) r = mp_socket_set_nonblocking(system->wake[0], 1, NULL);
    if (r == 0) r = mp_socket_set_nonblocking(system->wake[1], 1, NULL);
    return r;
}

void mp_priv_capture_system_close(struct mp_priv_capture_system *system)
{
    (void)mp_socket_close(system->wake[0]);
    (void)mp_socket_close(system->wake[1]);
}

void mp_priv_capture_lock(struct mp_priv_capture_system *system)
{
    AcquireSRWLockExclusive(&system->lock);
}

void mp_priv_capture_unlock(struct mp_priv_capture_system *system)
{
    ReleaseSRWLockExclusive(&system->lock);
}

void mp_priv_capture_broadcast(struct mp_priv_capture_system *system)
{
    WakeAllConditionVariable(&system->changed);
}

int64_t mp_priv_capture_deadline(int timeout_ms)
{
    return timeout_ms < 0 ? -1 : (int64_t)GetTickCount64() + timeout_ms;
}

bool mp_priv_capture_wait_changed(struct mp_priv_capture_system *system, int64_t deadline)
{
    DWORD time_ms = INFINITE;
    if (deadline >= 0) {
        const int64_t left = deadline - (int64_t)GetTickCount64();
        if (left <= 0) return false;
        time_ms = (DWORD)left;
    }
    return SleepConditionVariableSRW(&system->changed, &system->lock, time_ms, 0);
}

static DWORD WINAPI run(void *capture)
{
    mp_priv_capture_run(capture);
    return 0;
}

int mp_priv_capture_start(struct mp_capture *capture)
{
    const int r = mp_priv_stay_loaded();
    if (r < 0) return r;
    const HANDLE thread = CreateThread(NULL, 0, run, capture, 0, NULL);
    if (thread == NULL) return mp_priv_status_of(GetLastError());
    mp_priv_close(thread);
    return 0;
}

void mp_priv_capture_set_thread(struct mp_priv_capture_system *system)
{
    system->thread = GetCurrentThreadId();
    system->is_running = true;
}

bool mp_priv_capture_is_thread(const struct mp_priv_capture_system *system)
{
    return system->is_running && system->thread == GetCurrentThreadId();
}

void mp_priv_capture_wake(struct mp_priv_capture_system *system)
{
    /* A full socket wakes it as well. Without memory for a byte now there is some later: it must be woken. */
    while (send(system->wake[1], "", 1, 0) < 0 && WSAGetLastError() != WSAEWOULDBLOCK) mp_priv_capture_pause(RETRY_MS);
}

void mp_priv_capture_woken(struct mp_priv_capture_system *system)
{
    char bytes[64];
    while (recv(system->wake[0], bytes, sizeof(bytes), 0) > 0) {}
}

int mp_priv_capture_poll(struct pollfd *polled, size_t count, int timeout_ms)
{
    const int found = WSAPoll(polled, (ULONG)count, timeout_ms);
    return found < 0 ? mp_priv_status_of((DWORD)WSAGetLastError()) : found;
}

void mp_priv_capture_pause(int time_ms)
{
    Sleep((DWORD)time_ms);
}

ptrdiff_t mp_priv_capture_read(mp_socket stream, void *data, size_t size)
{
    const int n = recv(stream, data, size > INT_MAX ? INT_MAX : (int)size, 0);
    return n < 0 ? mp_priv_status_of((DWORD)WSAGetLastError()) : n;
}
