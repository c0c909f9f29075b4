#include <cstddef>
#include <string>

#include <gtest/gtest.h>

#include <support/options.h>
#include <support/spawn.h>

namespace mp::test {
namespace {

TEST_F(Options, RefuseNullPointers)
{
    mp_process* process = nullptr;
    EXPECT_EQ(mp_process_spawn(nullptr, &process, nullptr), MP_EINVAL);
    EXPECT_EQ(mp_process_spawn(&m_options, nullptr, nullptr), MP_EINVAL);
}

TEST_F(Options, RefuseEmptyArgv)
{
    m_argv[0] = nullptr;
    ExpectRefused(m_options, MP_EINVAL, "spawn: argv is empty");
    m_options.argv = nullptr;
    ExpectRefused(m_options, MP_EINVAL, "spawn: argv is empty");
}

TEST_F(Options, RefuseUnknownFlags)
{
    m_options.flags = UINT64_C(1) << 63;
    ExpectRefused(m_options, MP_EINVAL, "spawn options: unknown flags 0x8000000000000000");
}

TEST_F(Options, RefuseASizeBelowTheFirstLayout)
{
    m_options.size = 0;
    const size_t first = offsetof(mp_spawn_options, stdio) + 3 * sizeof(mp_stdio);
    const std::string below = "spawn options: size 0 is below " + std::to_string(first);
    ExpectRefused(m_options, MP_EINVAL, (below + "; use MP_SPAWN_OPTIONS_INIT").c_str());
}

TEST_F(Options, AcceptALongerStructOfZeros)
{
    struct
    {
        mp_spawn_options options;
        uint64_t later[4];
    } longer = {m_options, {0, 0, 0, 0}};
    longer.options.size = sizeof(longer);
    EXPECT_EQ(SpawnStatus(longer.options, nullptr), 0);
    longer.later[1] = 1;
    mp_error error;
    EXPECT_EQ(SpawnStatus(longer.options, &error), MP_E2BIG);
    const size_t offset = sizeof(mp_spawn_options) + sizeof(uint64_t);
    EXPECT_EQ(error.message,
              "spawn options: a field at offset " + std::to_string(offset) + " is unknown to this version");
}

TEST_F(Options, RefuseUnknownStdio)
{
    m_options.stdio[1].kind = 9;
    ExpectRefused(m_options, MP_EINVAL, "spawn options: kind 9 of stdout");
}

} // namespace
} // namespace mp::test
