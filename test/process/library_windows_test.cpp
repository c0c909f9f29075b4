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

} // namespace
} // namespace mp::test
