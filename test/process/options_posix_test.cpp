#include <cstddef>

#include <gtest/gtest.h>

#include <support/options.h>
#include <support/spawn.h>

namespace mp::test {
namespace {

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
    m_argv[0] = "/bin/true";
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
