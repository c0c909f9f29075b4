#include <windows.h>

#include <gtest/gtest.h>

#include <support/process_state.h>
#include <support/spawn.h>

namespace mp::test {
namespace {

//! A fresh directory, removed with the files in it.
class TempDir
{
public:
    TempDir()
    {
        char temp[MAX_PATH], name[MAX_PATH];
        GetTempPathA(MAX_PATH, temp);
        EXPECT_NE(GetTempFileNameA(temp, "mp", 0, name), 0U);
        DeleteFileA(name);
        EXPECT_TRUE(CreateDirectoryA(name, nullptr));
        m_path = name;
    }
    ~TempDir()
    {
        for (const auto& file : m_files) DeleteFileA(file.c_str());
        RemoveDirectoryA(m_path.c_str());
    }
    const std::string& path() const { return m_path; }

    std::string Add(const std::string& name, const std::string& content)
    {
        const Fd file(CreateFileA(New(name).c_str(), GENERIC_WRITE, 0, nullptr, CREATE_ALWAYS, 0, nullptr));
        EXPECT_EQ(Write(file.get(), content.data(), content.size()), static_cast<std::ptrdiff_t>(content.size()));
        return m_files.back();
    }
    //! A copy of a program in test/child.
    std::string AddProgram(const std::string& name, const std::string& child = "exit_code")
    {
        EXPECT_TRUE(CopyFileA(ChildPath(child + ".exe").c_str(), New(name).c_str(), TRUE));
        return m_files.back();
    }

private:
    const std::string& New(const std::string& name) { return m_files.emplace_back(m_path + "\\" + name); }

    std::string m_path;
    std::vector<std::string> m_files;
};

//! A variable of this process, set until the scope ends.
class Variable
{
public:
    Variable(const char* name, const std::string& value) : m_name(name)
    {
        char before[1 << 15];
        const DWORD size = GetEnvironmentVariableA(name, before, sizeof(before));
        m_before.assign(before, size);
        SetEnvironment(name, value.c_str());
    }
    ~Variable() { SetEnvironment(m_name, m_before.c_str()); }

private:
    const char* m_name;
    std::string m_before;
};

//! Or why it could not be started.
int ExitCodeOf(Command command)
{
    Process process;
    const int r = command.Spawn(process);
    return r < 0 ? r : Wait(process.get()).value;
}

TEST(Spawn, ReportsExitCodesOf32Bits)
{
    for (const uint32_t code : {0U, 1U, 137U, 143U, 255U, 256U, 259U, 0x7fffffffU, 0xc0000005U, 0xffffffffU}) {
        const Process process = ChildCommand("exit_code", {std::to_string(static_cast<int32_t>(code))}).Start();
        const mp_exit exit = Wait(process.get());
        EXPECT_EQ(exit.how, MP_EXIT_EXITED);
        EXPECT_EQ(static_cast<uint32_t>(exit.value), code);
    }
}

TEST(Spawn, TellsTheSystemsCodeOfAFailure)
{
    Process process;
    mp_error error;
    EXPECT_EQ(ChildCommand("no_such_program").Spawn(process, &error), MP_ENOENT);
    EXPECT_EQ(error.system_code, ERROR_FILE_NOT_FOUND);
}

TEST(Spawn, ReturnsEaccesForADirectory)
{
    ExpectFailure(Command({"C:\\windows"}), MP_EACCES, MP_STAGE_EXEC, "spawn 'C:\\windows': Permission denied");
}

TEST(Spawn, ReturnsEnoentForAShareThatIsNotThere)
{
    const char* const share = R"(\\no-such-host.invalid\share)";
    mp_error error;
    Process process;
    EXPECT_EQ(Command({share + std::string(R"(\program.exe)")}).Spawn(process, &error), MP_ENOENT) << error.system_code;
    EXPECT_EQ(ChildCommand("exit_code").Cwd(share).Spawn(process, &error), MP_ENOENT) << error.system_code;
    EXPECT_EQ(error.stage, MP_STAGE_CHDIR);
}

TEST(Spawn, ReturnsEnoexecForAWrongFormat)
{
    TempDir dir;
    Process process;
    EXPECT_EQ(Command({dir.Add("program.exe", "neither a program nor a script")}).Spawn(process), MP_ENOEXEC);
}

TEST(Spawn, RefusesBatchFiles)
{
    TempDir dir;
    Process process;
    for (const char* name : {"script.bat", "script.CMD"}) {
        const std::string path = dir.Add(name, "@exit 0\r\n");
        for (const char* tail : {"", ".", " ", ". ."}) {
            mp_error error;
            EXPECT_EQ(Command({path + tail}).Spawn(process, &error), MP_ENOEXEC) << path << tail;
            EXPECT_EQ(error.stage, MP_STAGE_EXEC);
        }
        const Variable search("PATH", dir.path());
        EXPECT_EQ(Command({name}).Spawn(process), MP_ENOEXEC);
    }
}

TEST(Spawn, TakesNoFileNameApart)
{
    TempDir dir;
    dir.AddProgram("two.exe");
    const std::string both = dir.AddProgram("two words.exe");
    EXPECT_EQ(ExitCodeOf(Command({dir.path() + "\\two words", "4"})), 4);
    EXPECT_EQ(ExitCodeOf(Command({both, "4"})), 4);
    EXPECT_EQ(ExitCodeOf(Command({dir.path() + "\\two more", "4"})), MP_ENOENT); // not two.exe with an argument
    EXPECT_EQ(ExitCodeOf(Command({dir.path() + "\\two\" 4", "4"})), MP_ENOENT);
}

TEST(Spawn, AddsExeToANameWithoutExtension)
{
    TempDir dir;
    dir.AddProgram("program.exe");
    dir.AddProgram("tool.v2.exe");
    dir.AddProgram("bare");
    dir.AddProgram("both.exe");
    dir.Add("both", "not a program");
    EXPECT_EQ(ExitCodeOf(Command({dir.path() + "\\program", "5"})), 5);
    EXPECT_EQ(ExitCodeOf(Command({dir.path() + "/program", "5"})), 5);
    EXPECT_EQ(ExitCodeOf(Command({dir.path() + "\\tool.v2", "5"})), 5);
    EXPECT_EQ(ExitCodeOf(Command({dir.path() + "\\bare", "5"})), 5);
    for (const char* separator : {"\\", "/", "\\.\\"}) { // a directory's dot begins no extension
        EXPECT_EQ(ExitCodeOf(Command({dir.path() + separator + "both", "5"})), 5);
    }
    EXPECT_EQ(ExitCodeOf(Command({dir.path() + "\\program.exe", "5"})), 5);
    EXPECT_EQ(ExitCodeOf(Command({dir.path() + "\\program.com", "5"})), MP_ENOENT);
}

TEST(Spawn, SearchesPathOfTheParent)
{
    TempDir dir;
    dir.AddProgram("mp_search.exe");
    const Variable search("PATH", "C:\\no such;;\"" + dir.path() + "\"");
    EXPECT_EQ(ExitCodeOf(Command({"mp_search", "6"}).Env({"PATH=C:\\elsewhere"})), 6);
    EXPECT_EQ(ExitCodeOf(Command({"mp_search.exe", "6"})), 6);
    EXPECT_EQ(ExitCodeOf(Command({"mp_other", "6"})), MP_ENOENT);
}

//! CreateProcess looks there before it looks in PATH.
TEST(Spawn, SearchesNeitherTheCurrentDirectoryNorItsOwn)
{
    TempDir dir;
    dir.AddProgram("mp_search.exe");
    char before[MAX_PATH];
    GetCurrentDirectoryA(MAX_PATH, before);
    ASSERT_TRUE(SetCurrentDirectoryA(dir.path().c_str()));
    const Variable search("PATH", "C:\\windows\\system32");
    EXPECT_EQ(ExitCodeOf(Command({"mp_search", "6"})), MP_ENOENT);
    EXPECT_EQ(ExitCodeOf(Command({"mp_search", "6"}).Flags(MP_SPAWN_NO_PATH_SEARCH)), 6);
    EXPECT_EQ(ExitCodeOf(Command({".\\mp_search", "6"})), 6);
    EXPECT_EQ(ExitCodeOf(Command({"process_test", "--gtest_list_tests"})), MP_ENOENT);
    SetCurrentDirectoryA(before);
}

TEST(Spawn, LooksForARelativeProgramInTheWorkingDirectory)
{
    TempDir dir;
    dir.AddProgram("mp_search.exe");
    EXPECT_EQ(ExitCodeOf(Command({"mp_search", "7"}).Flags(MP_SPAWN_NO_PATH_SEARCH)), MP_ENOENT);
    EXPECT_EQ(ExitCodeOf(Command({"mp_search", "7"}).Flags(MP_SPAWN_NO_PATH_SEARCH).Cwd(dir.path().c_str())), 7);
    EXPECT_EQ(ExitCodeOf(Command({".\\mp_search", "7"}).Cwd(dir.path().c_str())), 7);
    EXPECT_EQ(ExitCodeOf(Command({"./mp_search.exe", "7"}).Cwd(dir.path().c_str())), 7);
    EXPECT_EQ(ExitCodeOf(Command({dir.path() + "\\mp_search.exe", "7"}).Cwd("C:\\")), 7);
}

TEST(Spawn, StartsInTheWorkingDirectory)
{
    Command command = ChildCommand("print_start");
    command.Cwd("C:\\windows");
    EXPECT_STRCASEEQ(ParseLines(OutputOf(command))["cwd"].c_str(), "C:\\windows");
}

TEST(Spawn, ReturnsEnotdirWhenTheWorkingDirectoryIsAFile)
{
    TempDir dir;
    const std::string file = dir.Add("file", "x");
    mp_error error;
    Process process;
    EXPECT_EQ(ChildCommand("exit_code").Cwd(file.c_str()).Spawn(process, &error), MP_ENOTDIR);
    EXPECT_EQ(error.stage, MP_STAGE_CHDIR);
    EXPECT_EQ(error.system_code, ERROR_DIRECTORY);
}

TEST(Spawn, TakesNamesThatAreNotAscii)
{
    TempDir dir;
    const std::string name = dir.path() + "\\\xc3\xa9\xe2\x82\xac.exe";
    const std::string copy = dir.AddProgram("copy.exe", "print_start");
    wchar_t wide[MAX_PATH];
    MultiByteToWideChar(CP_UTF8, 0, name.c_str(), -1, wide, MAX_PATH);
    ASSERT_TRUE(MoveFileW(std::wstring(copy.begin(), copy.end()).c_str(), wide));
    const char* const edits[] = {"MP_\xc3\xa9=\xe2\x82\xac", nullptr};
    Command command({name, "\xe2\x82\xac"});
    command.mutable_options().env_edits = edits;
    const std::string output = OutputOf(command);
    EXPECT_EQ(ParseLines(output)["arg1"], "\xe2\x82\xac");
    EXPECT_EQ(EnvironmentIn(output).count("MP_\xc3\xa9=\xe2\x82\xac"), 1U);
    EXPECT_TRUE(DeleteFileW(wide));
}

} // namespace
} // namespace mp::test
