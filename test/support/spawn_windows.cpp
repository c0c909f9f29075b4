#include <winsock2.h>

#include <windows.h>

#include <support/spawn.h>

#include <cstdio>
#include <cstdlib>

namespace mp::test {
namespace {

void Require(bool ok, const char* what)
{
    if (ok) return;
    std::fprintf(stderr, "%s: error %lu\n", what, GetLastError());
    std::abort();
}

void CALLBACK Nothing(PTP_CALLBACK_INSTANCE, void*, PTP_WAIT, TP_WAIT_RESULT) {}

} // namespace

void Prepare()
{
    // What the system keeps for the rest of the process once it was used: sockets, and what waits for handles.
    mp_socket first, second;
    Require(mp_socket_pair(&first, &second, nullptr) == 0, "socket pair");
    SocketKind::Close(first);
    SocketKind::Close(second);
    const PTP_WAIT wait = CreateThreadpoolWait(Nothing, nullptr, nullptr);
    Require(wait != nullptr, "wait");
    SetThreadpoolWait(wait, CreateEventW(nullptr, TRUE, FALSE, nullptr), nullptr);
}

void HandleKind::Close(Type handle)
{
    if (handle != MP_HANDLE_INVALID) Require(CloseHandle(handle), "close");
}

void SocketKind::Close(Type socket)
{
    if (socket != MP_SOCKET_INVALID) Require(closesocket(socket) == 0, "close");
}

Pipe MakePipe()
{
    HANDLE ends[2];
    Require(CreatePipe(&ends[0], &ends[1], nullptr, 0), "pipe");
    return {Fd(ends[0]), Fd(ends[1])};
}

std::ptrdiff_t Read(mp_handle handle, void* data, size_t size)
{
    DWORD n;
    if (ReadFile(handle, data, static_cast<DWORD>(size), &n, nullptr)) return static_cast<std::ptrdiff_t>(n);
    return GetLastError() == ERROR_BROKEN_PIPE ? 0 : -1;
}

std::ptrdiff_t Write(mp_handle handle, const void* data, size_t size)
{
    DWORD n;
    return WriteFile(handle, data, static_cast<DWORD>(size), &n, nullptr) ? static_cast<std::ptrdiff_t>(n) : -1;
}

mp_socket Accept(mp_socket socket)
{
    return accept(socket, nullptr, nullptr);
}

std::ptrdiff_t Receive(mp_socket socket, void* data, size_t size)
{
    return recv(socket, static_cast<char*>(data), static_cast<int>(size), 0);
}

std::ptrdiff_t Send(mp_socket socket, const void* data, size_t size)
{
    return send(socket, static_cast<const char*>(data), static_cast<int>(size), 0);
}

bool WouldBlock()
{
    return WSAGetLastError() == WSAEWOULDBLOCK;
}

bool WaitEnded(const mp_process* process, int timeout_ms)
{
    return WaitForSingleObject(mp_process_exit_fd(process), static_cast<DWORD>(timeout_ms)) == WAIT_OBJECT_0;
}

bool WaitReadable(mp_socket socket, int timeout_ms)
{
    fd_set readable;
    FD_ZERO(&readable);
    FD_SET(socket, &readable);
    timeval timeout{timeout_ms / 1000, timeout_ms % 1000 * 1000};
    return select(0, &readable, nullptr, nullptr, &timeout) == 1;
}

void SetEnvironment(const char* name, const char* value)
{
    Require(SetEnvironmentVariableA(name, value), "environment");
}

// By Wine.
bool IsAddedBySystem(const std::string& variable)
{
    return variable.rfind("WINE", 0) == 0 || variable.rfind("SystemDrive=", 0) == 0 ||
           variable.rfind("SystemRoot=", 0) == 0;
}

bool IsRunning(int pid)
{
    const HANDLE process = OpenProcess(SYNCHRONIZE, FALSE, static_cast<DWORD>(pid));
    if (process == nullptr) return false;
    const bool running = WaitForSingleObject(process, 0) == WAIT_TIMEOUT;
    CloseHandle(process);
    return running;
}

bool WaitGone(int pid)
{
    const HANDLE process = OpenProcess(SYNCHRONIZE, FALSE, static_cast<DWORD>(pid));
    if (process == nullptr) return true;
    const bool gone = WaitForSingleObject(process, DEADLINE_MS) == WAIT_OBJECT_0;
    CloseHandle(process);
    return gone;
}

} // namespace mp::test
