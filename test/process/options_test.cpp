#include <cstring>

#include <gtest/gtest.h>

#include <support/spawn.h>

namespace mp::test {
namespace {

int SpawnStatus(const mp_spawn_options& options, mp_error* error)
{
    mp_process* process = nullptr;
    const int r = mp_process_spawn(&options, &process, error);
    if (process != nullptr) Wait(process);
    mp_process_unref(process);
    return r;
}

void ExpectRefused(const mp_spawn_options& options, int status, const char* message)
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
    const char* m_argv[2] = {"/bin/true", nullptr};
    mp_spawn_options m_options = MP_SPAWN_OPTIONS_INIT;
};

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
    ExpectRefused(m_options, MP_EINVAL, "spawn options: size 0 is below 80; use MP_SPAWN_OPTIONS_INIT");
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
    EXPECT_STREQ(error.message, "spawn options: a field at offset 144 is unknown to this version");
}

TEST_F(Options, RefuseUnknownStdio)
{
    m_options.stdio[1].kind = 9;
    ExpectRefused(m_options, MP_EINVAL, "spawn options: kind 9 of stdout");
}

TEST_F(Options, RefuseClosedDescriptors)
{
    m_options.stdio[2] = {MP_STDIO_HANDLE, 999};
    ExpectRefused(m_options, MP_EBADF, "spawn options: handle for stderr: Bad file descriptor");
    m_options.stdio[2] = {MP_STDIO_INHERIT, 0};
    const mp_fd_map map = {998, 5};
    m_options.fds = &map;
    m_options.n_fds = 1;
    ExpectRefused(m_options, MP_EBADF, "spawn options: descriptor 998: Bad file descriptor");
}

TEST_F(Options, RefuseChildNumbersThatAreTakenOrReserved)
{
    const mp_fd_map twice[] = {{0, 5}, {1, 5}};
    m_options.fds = twice;
    m_options.n_fds = 2;
    ExpectRefused(m_options, MP_EINVAL, "spawn options: child descriptor 5 is given twice");
    const mp_fd_map low = {0, 2};
    m_options.fds = &low;
    m_options.n_fds = 1;
    ExpectRefused(m_options, MP_EINVAL, "spawn options: child descriptor 2 is below 3");
    m_options.fds = nullptr;
    ExpectRefused(m_options, MP_EINVAL, "spawn options: fds is NULL, n_fds is not 0");
}

TEST_F(Options, ReportAChildNumberAboveTheDescriptorLimit)
{
    const mp_fd_map high = {0, 1 << 30};
    m_options.fds = &high;
    m_options.n_fds = 1;
    mp_error error;
    EXPECT_EQ(SpawnStatus(m_options, &error), MP_EBADF);
    EXPECT_EQ(error.stage, MP_STAGE_DESCRIPTOR);
    EXPECT_STREQ(error.message, "spawn '/bin/true': descriptor 1073741824 in the child: Bad file descriptor");
}

TEST_F(Options, LayoutHasNoPadding)
{
    EXPECT_EQ(sizeof(mp_spawn_options), offsetof(mp_spawn_options, capture_child) + sizeof(void*));
    EXPECT_EQ(sizeof(mp_stdio), 2 * sizeof(int32_t));
}

} // namespace
} // namespace mp::test
