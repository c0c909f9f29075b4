#include <support/process_state.h>

#include <windows.h>

#include <tlhelp32.h>
#include <winternl.h>

namespace mp::test {
namespace {

constexpr int HANDLE_STEP = 4;
//! Handles get the lowest free number: behind so many free ones there are none.
constexpr int FREE_MAX = 256;
constexpr int TYPE_INFORMATION = 2;
const std::set<std::string> kinds = {"File", "Job", "Process", "Section", "Token"};

std::string TypeOf(HANDLE handle)
{
    struct
    {
        UNICODE_STRING name;
        wchar_t room[512];
    } type;
    ULONG size;
    if (NtQueryObject(handle, static_cast<OBJECT_INFORMATION_CLASS>(TYPE_INFORMATION), &type, sizeof(type),
                      &size) < 0) {
        return "?";
    }
    const std::wstring name(type.name.Buffer, type.name.Length / sizeof(wchar_t));
    return std::string(name.begin(), name.end());
}

} // namespace

std::map<int, std::string> Descriptors()
{
    std::map<int, std::string> handles;
    int last = 0;
    for (int number = HANDLE_STEP; number < last + FREE_MAX * HANDLE_STEP; number += HANDLE_STEP) {
        DWORD flags;
        const auto handle = reinterpret_cast<HANDLE>(static_cast<intptr_t>(number));
        if (!GetHandleInformation(handle, &flags)) continue;
        handles[number] = TypeOf(handle);
        last = number;
    }
    return handles;
}

std::set<int> Children()
{
    std::set<int> children;
    const HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    PROCESSENTRY32W entry = {};
    entry.dwSize = sizeof(entry);
    for (BOOL more = Process32FirstW(snapshot, &entry); more; more = Process32NextW(snapshot, &entry)) {
        if (entry.th32ParentProcessID == GetCurrentProcessId()) children.insert(static_cast<int>(entry.th32ProcessID));
    }
    CloseHandle(snapshot);
    return children;
}

// Only what the library itself may forget to close is counted: the C++ runtime and the system's pool of threads make
// and keep what they need for waiting when they need it first.
ProcessState ProcessState::Now()
{
    ProcessState state;
    state.descriptors = Descriptors();
    std::erase_if(state.descriptors, [](const auto& handle) { return kinds.count(handle.second) == 0; });
    state.children = Children();
    return state;
}

} // namespace mp::test
