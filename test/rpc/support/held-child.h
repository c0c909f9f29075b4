// Children of /bin/sh that end when the test says so.
#ifndef MP_TEST_RPC_SUPPORT_HELD_CHILD_H
#define MP_TEST_RPC_SUPPORT_HELD_CHILD_H

#include <cstdlib>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <kj/io.h>
#include <mp/process.h>
#include <poll.h>
#include <rpc/support/signal.h>
#include <string>
#include <unistd.h>
#include <vector>

namespace mp::test {

//! With MP_TEST_PRIVATE in the environment: the flag that makes children private.
inline uint64_t PrivateFlag() { return std::getenv("MP_TEST_PRIVATE") != nullptr ? MP_SPAWN_PRIVATE : 0; }

inline std::vector<std::string> Shell(const std::string& script) { return {"/bin/sh", "-c", script}; }

inline Process Start(const std::vector<std::string>& args, uint64_t flags = 0)
{
    std::vector<const char*> argv;
    for (const std::string& arg : args) argv.push_back(arg.c_str());
    argv.push_back(nullptr);
    mp_spawn_options options = MP_SPAWN_OPTIONS_INIT;
    options.argv = argv.data();
    options.flags = flags | PrivateFlag();
    mp_process* process = nullptr;
    mp_error error;
    EXPECT_EQ(mp_process_spawn(&options, &process, &error), 0) << error.message;
    return Process(process);
}

//! Ends with code 0 when it is let go, or when the test ends.
class HeldChild
{
public:
    //! @param first  what the shell does first
    explicit HeldChild(uint64_t flags = 0, const std::string& first = "")
    {
        int hold[2];
        int ready[2];
        EXPECT_EQ(pipe2(hold, O_CLOEXEC), 0);
        EXPECT_EQ(pipe2(ready, O_CLOEXEC), 0);
        m_hold = kj::AutoCloseFd(hold[1]);
        m_ready = kj::AutoCloseFd(ready[0]);
        const kj::AutoCloseFd child_hold(hold[0]);
        const kj::AutoCloseFd child_ready(ready[1]);
        const std::vector<std::string> args = Shell(first + "echo ready >&4; read line <&3; exit 0");
        const char* const argv[] = {args[0].c_str(), args[1].c_str(), args[2].c_str(), nullptr};
        const mp_fd_map fds[] = {{hold[0], 3}, {ready[1], 4}};
        mp_spawn_options options = MP_SPAWN_OPTIONS_INIT;
        options.argv = argv;
        options.flags = flags | PrivateFlag();
        options.fds = fds;
        options.n_fds = 2;
        mp_process* handle = nullptr;
        mp_error error;
        EXPECT_EQ(mp_process_spawn(&options, &handle, &error), 0) << error.message;
        process = Process(handle);
    }

    //! Wait until it has done what it does first.
    [[nodiscard]] bool waitReady() const
    {
        pollfd ready{m_ready, POLLIN, 0};
        return poll(&ready, 1, static_cast<int>(std::chrono::milliseconds(DEADLINE).count())) == 1;
    }
    void letGo() { m_hold = nullptr; }

    Process process;

private:
    kj::AutoCloseFd m_hold;
    kj::AutoCloseFd m_ready;
};

} // namespace mp::test

#endif // MP_TEST_RPC_SUPPORT_HELD_CHILD_H
