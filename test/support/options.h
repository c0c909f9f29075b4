// Spawn options that are refused.
#ifndef MP_TEST_SUPPORT_OPTIONS_H
#define MP_TEST_SUPPORT_OPTIONS_H

#include <string>

#include <gtest/gtest.h>

#include <support/spawn.h>

namespace mp::test {

inline int SpawnStatus(const mp_spawn_options& options, mp_error* error)
{
    mp_process* process = nullptr;
    const int r = mp_process_spawn(&options, &process, error);
    if (process != nullptr) Wait(process);
    mp_process_unref(process);
    return r;
}

inline void ExpectRefused(const mp_spawn_options& options, int status, const char* message)
{
    mp_error error;
    EXPECT_EQ(SpawnStatus(options, &error), status);
    EXPECT_EQ(error.stage, MP_STAGE_ARGUMENT);
    EXPECT_STREQ(error.message, message);
    EXPECT_EQ(SpawnStatus(options, nullptr), status);
}

class Options : public testing::Test
{
protected:
    Options() { m_options.argv = m_argv; }
    const std::string m_program = ChildPath("exit_code");
    const char* m_argv[2] = {m_program.c_str(), nullptr};
    mp_spawn_options m_options = MP_SPAWN_OPTIONS_INIT;
};

} // namespace mp::test

#endif // MP_TEST_SUPPORT_OPTIONS_H
