// What a child starts with, where the caller asks for something else than its own.
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <support/spawn.h>

namespace mp::test {
namespace {

//! The lines of print_attributes.
std::map<std::string, std::string> AttributesOf(Command& command)
{
    return ParseLines(OutputOf(command));
}

int StatusOf(Command& command, mp_error& error)
{
    Process process;
    return command.Spawn(process, &error);
}

TEST(Attributes, AreTheParentsByDefault)
{
    Command command = ChildCommand("print_attributes");
    auto found = AttributesOf(command);
    EXPECT_EQ(found["group"], std::to_string(getpgrp()));
    EXPECT_EQ(found["session"], std::to_string(getsid(0)));
    EXPECT_EQ(found["nice"], std::to_string(getpriority(PRIO_PROCESS, 0)));
    const mode_t mask = umask(0);
    umask(mask);
    char text[8];
    std::snprintf(text, sizeof(text), "%o", mask);
    EXPECT_EQ(found["umask"], text);
}

TEST(Attributes, OwnGroup)
{
    Command command = ChildCommand("print_attributes");
    command.Flags(MP_SPAWN_OWN_GROUP);
    auto found = AttributesOf(command);
    EXPECT_EQ(found["group"], found["pid"]);
    EXPECT_EQ(found["session"], std::to_string(getsid(0)));
}

TEST(Attributes, OwnSession)
{
    for (const uint64_t flags : {MP_SPAWN_OWN_SESSION, MP_SPAWN_OWN_SESSION | MP_SPAWN_OWN_GROUP}) {
        Command command = ChildCommand("print_attributes");
        command.Flags(flags);
        auto found = AttributesOf(command);
        EXPECT_EQ(found["group"], found["pid"]);
        EXPECT_EQ(found["session"], found["pid"]);
    }
}

TEST(Attributes, Umask)
{
    Command command = ChildCommand("print_attributes");
    command.Flags(MP_SPAWN_SET_UMASK).mutable_options().umask = 0137;
    EXPECT_EQ(AttributesOf(command)["umask"], "137");
    command.mutable_options().umask = 0;
    EXPECT_EQ(AttributesOf(command)["umask"], "0");
    Command without = ChildCommand("print_attributes");
    without.mutable_options().umask = 0137;
    EXPECT_NE(AttributesOf(without)["umask"], "137");
}

TEST(Attributes, ResourceLimits)
{
    rlimit own;
    getrlimit(RLIMIT_NOFILE, &own);
    const mp_resource_limit limits[] = {{RLIMIT_NOFILE, 0, 17, 23}, {RLIMIT_CORE, 0, 0, 0}};
    Command command = ChildCommand("print_attributes");
    command.mutable_options().limits = limits;
    command.mutable_options().n_limits = 2;
    EXPECT_EQ(AttributesOf(command)["files"], "17 23");
    rlimit after;
    getrlimit(RLIMIT_NOFILE, &after);
    EXPECT_EQ(after.rlim_cur, own.rlim_cur);
}

TEST(Attributes, ResourceLimitsThatCantBe)
{
    mp_error error;
    Command command = ChildCommand("print_attributes");
    mp_resource_limit limit{RLIMIT_NOFILE, 0, 23, 17};
    command.mutable_options().limits = &limit;
    command.mutable_options().n_limits = 1;
    EXPECT_EQ(StatusOf(command, error), MP_EINVAL);
    EXPECT_EQ(error.stage, MP_STAGE_ARGUMENT);
    limit = {12345, 0, 1, 1};
    EXPECT_EQ(StatusOf(command, error), MP_EINVAL);
    EXPECT_EQ(error.stage, MP_STAGE_LIMIT);
    EXPECT_NE(std::string(error.message).find("limit of resource 12345"), std::string::npos) << error.message;
    command.mutable_options().limits = nullptr;
    EXPECT_EQ(StatusOf(command, error), MP_EINVAL);
    EXPECT_EQ(error.stage, MP_STAGE_ARGUMENT);
}

TEST(Attributes, Niceness)
{
    const int own = getpriority(PRIO_PROCESS, 0);
    Command command = ChildCommand("print_attributes");
    command.mutable_options().nice = 3;
    EXPECT_EQ(AttributesOf(command)["nice"], std::to_string(std::min(own + 3, 19)));
    command.mutable_options().nice = INT32_MAX;
    EXPECT_EQ(AttributesOf(command)["nice"], "19");
    EXPECT_EQ(getpriority(PRIO_PROCESS, 0), own);
}

class OtherUser : public testing::Test
{
protected:
    void SetUp() override
    {
        if (geteuid() != 0) GTEST_SKIP() << "only root may become another user";
    }
};

TEST_F(OtherUser, GetsUserAndGroupAndNoOtherGroups)
{
    Command command = ChildCommand("print_attributes");
    command.Flags(MP_SPAWN_SET_UID | MP_SPAWN_SET_GID).mutable_options().uid = 65534;
    command.mutable_options().gid = 65533;
    auto found = AttributesOf(command);
    EXPECT_EQ(found["uid"], "65534 65534 65534");
    EXPECT_EQ(found["gid"], "65533 65533 65533");
    EXPECT_EQ(found["groups"], "0");
}

TEST_F(OtherUser, DiesWithItsParentToo)
{
    // Elsewhere, because of the thread that stays.
    EXPECT_EXIT(
        {
            const Pipe hold = MakePipe();
            Command command = ChildCommand("hold");
            command.Stdio(0, hold.read.get()).Flags(MP_SPAWN_SET_UID | MP_SPAWN_DIE_WITH_PARENT);
            command.mutable_options().uid = 65534;
            const Process process = command.Start();
            _exit(mp_process_terminate(process.get(), -1, nullptr, nullptr) == 0 ? 0 : 1);
        },
        testing::ExitedWithCode(0), "");
}

TEST_F(OtherUser, MustBeAllowed)
{
    // As the unprivileged user that the child becomes: it may not go on to another one.
    EXPECT_EXIT(
        {
            if (setresuid(65534, 65534, 65534) != 0) _exit(2);
            mp_error error;
            Command command = ChildCommand("print_attributes");
            command.Flags(MP_SPAWN_SET_UID).mutable_options().uid = 1;
            const int r = StatusOf(command, error);
            _exit(r == MP_EPERM && error.stage == MP_STAGE_USER ? 0 : 1);
        },
        testing::ExitedWithCode(0), "");
}

} // namespace
} // namespace mp::test
