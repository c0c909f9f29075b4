// The library that is linked when a program starts: what it exports, and that it works.
#include <windows.h>

#include <algorithm>

#include <gtest/gtest.h>

#include <support/spawn.h>

namespace mp::test {
namespace {

class Library : public testing::Test
{
protected:
    Library() : m_library(LoadLibraryA(MP_TEST_SHARED_LIBRARY)) {}
    ~Library() override
    {
        if (m_library != nullptr) FreeLibrary(m_library);
    }

    template <typename Function>
    Function* Find(const char* name) const
    {
        return reinterpret_cast<Function*>(reinterpret_cast<void*>(GetProcAddress(m_library, name)));
    }

    std::vector<std::string> Exported() const
    {
        const auto* base = reinterpret_cast<const char*>(m_library);
        const auto* dos = reinterpret_cast<const IMAGE_DOS_HEADER*>(base);
        const auto* headers = reinterpret_cast<const IMAGE_NT_HEADERS*>(base + dos->e_lfanew);
        const auto& directory = headers->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_EXPORT];
        const auto* exports = reinterpret_cast<const IMAGE_EXPORT_DIRECTORY*>(base + directory.VirtualAddress);
        const auto* names = reinterpret_cast<const DWORD*>(base + exports->AddressOfNames);
        std::vector<std::string> found;
        for (DWORD i = 0; i < exports->NumberOfNames; ++i) found.emplace_back(base + names[i]);
        std::sort(found.begin(), found.end());
        return found;
    }

    const HMODULE m_library;
};

TEST_F(Library, ExportsItsInterfaceAndNothingElse)
{
    ASSERT_NE(m_library, nullptr) << GetLastError();
    const std::vector<std::string> expected = {
        "mp_capture_new", "mp_capture_ref", "mp_capture_unref", "mp_capture_wait", "mp_forkserver_close",
        "mp_forkserver_connect", "mp_forkserver_eval", "mp_forkserver_fork", "mp_forkserver_fork_pid",
        "mp_forkserver_kill_all", "mp_forkserver_open", "mp_forkserver_server_pid", "mp_forkserver_spawn",
        "mp_forkserver_start", "mp_forkserver_stop", "mp_forkserver_stop_server_only", "mp_handle_close",
        "mp_handle_duplicate", "mp_process_exit_fd", "mp_process_kill", "mp_process_kill_group",
        "mp_process_on_exit", "mp_process_pid", "mp_process_ref", "mp_process_release", "mp_process_spawn",
        "mp_process_take_output", "mp_process_terminate", "mp_process_unref", "mp_process_wait", "mp_socket_close",
        "mp_socket_pair", "mp_socket_peer", "mp_socket_receive_fds", "mp_socket_send_fds",
        "mp_socket_set_nonblocking", "mp_spawn_connected", "mp_spawn_stdio", "mp_start_spawned", "mp_start_stdio",
        "mp_status_name", "mp_status_text", "mp_version_check"};
    EXPECT_EQ(Exported(), expected);
}

TEST_F(Library, StartsAChild)
{
    ASSERT_NE(m_library, nullptr) << GetLastError();
    Command command = ChildCommand("exit_code", {"3"});
    mp_process* process = nullptr;
    ASSERT_EQ(Find<decltype(mp_process_spawn)>("mp_process_spawn")(command.options(), &process, nullptr), 0);
    mp_exit exit;
    EXPECT_EQ(Find<decltype(mp_process_wait)>("mp_process_wait")(process, DEADLINE_MS, &exit, nullptr), 0);
    EXPECT_EQ(exit.value, 3);
    Find<decltype(mp_process_unref)>("mp_process_unref")(process);
}

} // namespace
} // namespace mp::test
