// Process groups, and children that die with their parent.
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <poll.h>
#include <sstream>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

#include <support/family.h>
#include <support/process_state.h>
#include <support/spawn.h>

namespace mp::test {
namespace {

bool Eventually(const std::function<bool()>& condition)
{
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(DEADLINE_MS);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::yield();
    }
    return true;
}

TEST(Group, GetsNoSignalThatDoesntExist)
{
    const Family family = StartFamily({"out", "\\n", "hold"});
    EXPECT_EQ(mp_process_kill_group(family.leader.get(), 12345), MP_EINVAL);
    EXPECT_EQ(mp_process_kill_group(family.leader.get(), SIGKILL), 0);
    Wait(family.leader.get());
}

TEST(Group, IsNotKilledWithItsLeader)
{
    const Family family = StartFamily({"spawn", "hold", "out", "\\n", "hold"});
    EXPECT_EQ(mp_process_kill(family.leader.get(), SIGKILL), 0);
    ASSERT_TRUE(WaitReadable(mp_process_exit_fd(family.leader.get())));
    pollfd ended{family.all.get(), POLLIN, 0};
    EXPECT_EQ(poll(&ended, 1, 0), 0);
    // Its number is still the leader's.
    EXPECT_EQ(mp_process_kill_group(family.leader.get(), SIGKILL), 0);
    EXPECT_TRUE(HasEnded(family));
}

TEST(Group, WhoseLeaderIsGoneIsReachedOrLeftAlone)
{
    const Family family = StartFamily({"spawn", "hold", "out", "\\n"});
    const int group = mp_process_pid(family.leader.get());
    Wait(family.leader.get());
    const int r = mp_process_kill_group(family.leader.get(), SIGKILL);
    if (r != 0) {
        EXPECT_EQ(r, MP_ESRCH); // before Linux 6.9
        EXPECT_EQ(kill(-group, SIGKILL), 0);
    }
    EXPECT_TRUE(HasEnded(family));
}

//! A process, and its child that is to die with it and copies its input to its output.
struct Dying
{
    Process parent;
    int child;
    Fd input;
    Fd output; // ends when both have
};

//! Returns when the thread that spawned has ended.
//! @param how  "library" or "naive"
Dying StartParent(const char* how)
{
    Pipe in = MakePipe(), out = MakePipe();
    Command command = ChildCommand("parent", {how, ChildPath("copy"), "0", "1"});
    Process parent = command.Stdio(0, in.read.get()).Stdio(1, out.write.get()).Flags(MP_SPAWN_KILL_ON_UNREF).Start();
    out.write.Close();
    std::string line;
    for (char byte; Read(out.read.get(), &byte, 1) == 1 && byte != '\n';) line += byte;
    int child = 0, thread = 0;
    std::istringstream(line) >> child >> thread;
    const std::filesystem::path task = "/proc/" + std::to_string(mp_process_pid(parent.get())) + "/task";
    EXPECT_TRUE(Eventually([&] { return !exists(task / std::to_string(thread)); }));
    return {std::move(parent), child, std::move(in.write), std::move(out.read)};
}

char StateOf(int pid)
{
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string number, name;
    char state = 0;
    file >> number >> name >> state;
    return state;
}

TEST(DieWithParent, OutlivesTheThreadAndNotTheProcess)
{
    const Dying dying = StartParent("library");
    char byte = 'x';
    ASSERT_EQ(write(dying.input.get(), &byte, 1), 1);
    byte = 0;
    // Who is being killed runs no more.
    ASSERT_EQ(Read(dying.output.get(), &byte, 1), 1);
    EXPECT_EQ(byte, 'x');
    EXPECT_EQ(mp_process_kill(dying.parent.get(), SIGKILL), 0);
    ASSERT_TRUE(WaitReadable(dying.output.get()));
    EXPECT_EQ(Read(dying.output.get(), &byte, 1), 0);
}

TEST(DieWithParent, NaivelyDiesWithTheThread)
{
    const Dying dying = StartParent("naive");
    EXPECT_TRUE(Eventually([&] { return StateOf(dying.child) == 'Z'; }));
}

TEST(DieWithParent, IsAnOrdinaryChildOtherwise)
{
    // Elsewhere, because of the thread that stays.
    EXPECT_EXIT(
        {
            Command command = ChildCommand("exit_code", {"6"});
            const Process process = command.Flags(MP_SPAWN_DIE_WITH_PARENT).Start();
            EXPECT_EQ(Wait(process.get()).value, 6);
            mp_error error;
            Process none;
            EXPECT_EQ(Command({"/no/such/program"}).Flags(MP_SPAWN_DIE_WITH_PARENT).Spawn(none, &error), MP_ENOENT);
            EXPECT_EQ(error.stage, MP_STAGE_EXEC);
            ExitWithResult();
        },
        testing::ExitedWithCode(0), "");
}

} // namespace
} // namespace mp::test
