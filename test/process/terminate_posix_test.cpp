#include <cerrno>
#include <csignal>

#include <gtest/gtest.h>

#include <support/fault.h>
#include <support/spawn.h>

namespace mp::test {
namespace {

TEST(Terminate, KillsWhoDoesNotListen)
{
    for (const int grace_ms : {0, 30}) {
        const Pipe ready = MakePipe();
        const Process process = Command({"/bin/sh", "-c", "trap '' TERM; echo; while :; do sleep 1; done"})
                                    .Stdio(1, ready.write.get())
                                    .Flags(MP_SPAWN_OWN_GROUP)
                                    .Start();
        ASSERT_TRUE(WaitReadable(ready.read.get()));
        mp_exit exit;
        ASSERT_EQ(mp_process_terminate(process.get(), grace_ms, &exit, nullptr), 0);
        EXPECT_EQ(exit.how, MP_EXIT_SIGNALED);
        EXPECT_EQ(exit.value, SIGKILL);
        (void)mp_process_kill_group(process.get(), SIGKILL); // its sleep
    }
}

TEST(Terminate, SaysWhyItCouldNot)
{
    const Held held = StartHeld();
    for (const char* call : {"pidfd_send_signal", "kill"}) {
        mp_error error;
        const Fault fault(call, 1, ENOMEM);
        const int r = mp_process_terminate(held.process.get(), 0, nullptr, &error);
        if (Fault::failed_call().empty()) continue; // the other one is used here
        EXPECT_EQ(r, MP_ENOMEM);
        EXPECT_NE(std::string(error.message).find("signal 15"), std::string::npos) << error.message;
        break;
    }
    EXPECT_EQ(mp_process_terminate(held.process.get(), 0, nullptr, nullptr), 0);
}

} // namespace
} // namespace mp::test
