#include <support/private.h>

#include <gtest/gtest.h>

#include <support/process_state.h>

namespace mp::test {
namespace {

//! There is one before the first test: its connection stays open.
class Server : public testing::Environment
{
    void SetUp() override { StartSpawnServer(); }
};
[[maybe_unused]] const testing::Environment* const g_server = testing::AddGlobalTestEnvironment(new Server);

} // namespace

Command PrivateCommand(const std::string& name, std::vector<std::string> args)
{
    Command command = ChildCommand(name, std::move(args));
    command.Flags(MP_SPAWN_PRIVATE);
    return command;
}

Held StartPrivateHeld(uint64_t flags)
{
    Pipe pipe = MakePipe();
    Command command = PrivateCommand("hold");
    Process process = command.Flags(MP_SPAWN_PRIVATE | flags).Stdio(0, pipe.read.get()).Start();
    return {std::move(process), std::move(pipe.write)};
}

int ServerPid()
{
    Command command = PrivateCommand("print_attributes");
    return std::stoi(ParseLines(OutputOf(command))["parent"]);
}

void Elsewhere(const std::function<void()>& body)
{
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_EXIT(
        {
            body();
            ExitWithResult();
        },
        testing::ExitedWithCode(0), "");
}

} // namespace mp::test
