// Children that are connected to the test by their stdin and stdout.
#ifndef MP_TEST_SUPPORT_WORKER_H
#define MP_TEST_SUPPORT_WORKER_H

#include <gtest/gtest.h>

#include <support/spawn.h>

namespace mp::test {

struct Worker
{
    Process process;
    Fd input;
    Fd output;
};

inline int StartWorker(Command& command, Worker& worker, mp_error* error = nullptr)
{
    mp_process* process = nullptr;
    mp_handle input = MP_HANDLE_INVALID, output = MP_HANDLE_INVALID;
    const int r = mp_spawn_stdio(command.options(), &process, &input, &output, error);
    worker = {Process(process), Fd(input), Fd(output)};
    return r;
}

//! What it answers to a byte.
inline int Ask(const Worker& worker, unsigned char byte)
{
    if (Write(worker.output.get(), &byte, 1) != 1) return -1;
    return Read(worker.input.get(), &byte, 1) == 1 ? byte : -1;
}

inline void ExpectWorks(Command& command)
{
    const Pipe errors = MakePipe();
    command.Stdio(2, errors.write.get());
    Worker worker;
    mp_error error{};
    ASSERT_EQ(StartWorker(command, worker, &error), 0) << error.message;
    for (int i = 0; i < 3; ++i) EXPECT_EQ(Ask(worker, static_cast<unsigned char>(i)), i + 1);
    worker.output.Close();
    char text[64] = {};
    EXPECT_EQ(Read(worker.input.get(), text, sizeof(text)), 0);
    EXPECT_EQ(Wait(worker.process.get()).value, 0);
    EXPECT_GT(Read(errors.read.get(), text, sizeof(text) - 1), 0);
    EXPECT_STREQ(text, "a stray print\n");
}

} // namespace mp::test

#endif // MP_TEST_SUPPORT_WORKER_H
