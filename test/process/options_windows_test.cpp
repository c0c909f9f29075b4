// What can't exist on Windows is refused.
#include <windows.h>

#include <cstddef>

#include <gtest/gtest.h>

#include <support/options.h>
#include <support/spawn.h>

namespace mp::test {
namespace {

TEST_F(Options, RefuseClosedHandles)
{
    for (const uintptr_t closed : {uintptr_t{0x7ffffff0}, uintptr_t{0}, ~uintptr_t{0}}) {
        m_options.stdio[2].kind = MP_STDIO_HANDLE;
        m_options.stdio[2].handle = reinterpret_cast<mp_handle>(closed);
        ExpectRefused(m_options, MP_EBADF, "spawn options: handle for stderr: Bad file descriptor");
    }
}

TEST_F(Options, AreNotSupportedIfDescriptorsHaveNumbers)
{
    const mp_fd_map map{0, 5};
    m_options.fds = &map;
    m_options.n_fds = 1;
    ExpectRefused(m_options, MP_ENOTSUP, "spawn options: on Windows descriptors have no numbers");
}

TEST_F(Options, AreNotSupportedIfTheyNeedSessionsUmasksUsersOrTheServer)
{
    for (const uint64_t flag :
         {MP_SPAWN_OWN_SESSION, MP_SPAWN_SET_UMASK, MP_SPAWN_SET_UID, MP_SPAWN_SET_GID, MP_SPAWN_PRIVATE}) {
        m_options.flags = flag;
        ExpectRefused(m_options, MP_ENOTSUP,
                      "spawn options: on Windows there are no sessions, umasks, user numbers and private children");
    }
}

TEST_F(Options, AreNotSupportedIfTheyLimitResources)
{
    const mp_resource_limit limit{0, 0, 1, 1};
    m_options.limits = &limit;
    m_options.n_limits = 1;
    ExpectRefused(m_options, MP_ENOTSUP, "spawn options: on Windows there are no resource limits");
    m_options.n_limits = 0;
    m_options.nice = 1;
    ExpectRefused(m_options, MP_ENOTSUP, "spawn options: on Windows there is no niceness");
}

TEST_F(Options, ToKeepSignalsChangeNothing)
{
    m_options.flags = MP_SPAWN_KEEP_SIGNALS;
    EXPECT_EQ(SpawnStatus(m_options, nullptr), 0);
}

TEST_F(Options, LayoutHasNoPadding)
{
    EXPECT_EQ(sizeof(mp_spawn_options), offsetof(mp_spawn_options, capture_child) + sizeof(void*));
    EXPECT_EQ(sizeof(mp_stdio), 2 * sizeof(int32_t) + sizeof(void*));
}

} // namespace
} // namespace mp::test
