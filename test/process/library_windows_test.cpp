// The library that is linked when a program starts: what it exports, and that it works.
#include <windows.h>

#include <algorithm>

#include <gtest/gtest.h>

#include <support/exported_names.h>
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
    EXPECT_EQ(Exported(), EXPORTED_NAMES);
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

TEST(LibraryThatIsUnloaded, StillTellsTheEndOfAChild)
{
    const HMODULE library = LoadLibraryA(MP_TEST_SHARED_LIBRARY);
    ASSERT_NE(library, nullptr) << GetLastError();
    const auto find = [&](const char* name) { return reinterpret_cast<void*>(GetProcAddress(library, name)); };
    const Fd ended(CreateEventW(nullptr, TRUE, FALSE, nullptr));
    Pipe hold = MakePipe();
    Command command = ChildCommand("hold");
    command.Stdio(0, hold.read.get()).mutable_options().stdio[1].kind = MP_STDIO_CAPTURED;
    mp_process* process = nullptr;
    mp_socket out = MP_SOCKET_INVALID;
    ASSERT_EQ(reinterpret_cast<decltype(mp_process_spawn)*>(find("mp_process_spawn"))(command.options(), &process, nullptr),
              0);
    const auto take_output = reinterpret_cast<decltype(mp_process_take_output)*>(find("mp_process_take_output"));
    ASSERT_EQ(take_output(process, 1, &out), 0);
    const Socket owned(out);
    const auto callback = [](void* user, mp_process*, const mp_exit*) { SetEvent(user); };
    const auto on_exit = reinterpret_cast<decltype(mp_process_on_exit)*>(find("mp_process_on_exit"));
    ASSERT_EQ(on_exit(process, callback, ended.get(), nullptr), 0);
    reinterpret_cast<decltype(mp_process_unref)*>(find("mp_process_unref"))(process);
    EXPECT_TRUE(FreeLibrary(library));
    hold.write.Close();
    EXPECT_EQ(WaitForSingleObject(ended.get(), DEADLINE_MS), WAIT_OBJECT_0);
    EXPECT_EQ(ReceiveAll(out), "");
}

} // namespace
} // namespace mp::test
