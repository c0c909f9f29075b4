#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

#include <support/process_state.h>
#include <support/spawn.h>

namespace mp::test {
namespace {

class SocketFds : public testing::Test
{
protected:
    SocketFds()
    {
        mp_socket a, b;
        EXPECT_EQ(mp_socket_pair(&a, &b, nullptr), 0);
        m_near = Fd(a);
        m_far = Fd(b);
    }

    int Send(std::vector<int> fds, const std::string& data = "x")
    {
        return mp_socket_send_fds(m_near.get(), data.data(), data.size(), fds.data(), fds.size(), &m_error);
    }

    int Receive(size_t max_fds, size_t size = 64)
    {
        std::vector<int> fds(max_fds, -1);
        std::string data(size, '\0');
        size_t n_fds = 0;
        const int r =
            mp_socket_receive_fds(m_far.get(), data.data(), size, fds.data(), max_fds, &n_fds, &m_error);
        m_fds.clear();
        for (size_t i = 0; i < n_fds; ++i) m_fds.emplace_back(fds[i]);
        m_data = data.substr(0, r > 0 ? static_cast<size_t>(r) : 0);
        return r;
    }

    Fd m_near, m_far;
    std::vector<Fd> m_fds;
    std::string m_data;
    mp_error m_error = {};
};

TEST_F(SocketFds, ArriveWithTheirData)
{
    const Pipe pipe = MakePipe();
    EXPECT_EQ(Send({pipe.read.get(), pipe.write.get()}, "hello"), 5);
    EXPECT_EQ(Receive(2), 5);
    EXPECT_EQ(m_data, "hello");
    ASSERT_EQ(m_fds.size(), 2U);
    EXPECT_EQ(fcntl(m_fds[0].get(), F_GETFD), FD_CLOEXEC);
    EXPECT_EQ(Descriptors()[m_fds[0].get()], Descriptors()[pipe.read.get()]);
    EXPECT_EQ(write(m_fds[1].get(), "!", 1), 1);
    char byte = 0;
    EXPECT_EQ(Read(pipe.read.get(), &byte, 1), 1);
    EXPECT_EQ(byte, '!');
}

TEST_F(SocketFds, MayBeNone)
{
    EXPECT_EQ(Send({}, "plain"), 5);
    EXPECT_EQ(Receive(0), 5);
    EXPECT_EQ(m_data, "plain");
}

TEST_F(SocketFds, OfTwoMessagesAreNotMixed)
{
    EXPECT_EQ(Send({0}, "one"), 3);
    EXPECT_EQ(Send({0, 0}, "two"), 3);
    EXPECT_EQ(Receive(8), 3);
    EXPECT_EQ(m_fds.size(), 1U);
    EXPECT_EQ(Receive(8), 3);
    EXPECT_EQ(m_fds.size(), 2U);
}

TEST_F(SocketFds, SurplusIsClosedAndReported)
{
    EXPECT_EQ(Send({0, 1, 2}, "abc"), 3);
    const auto before = Descriptors();
    EXPECT_EQ(Receive(2), MP_EMSGSIZE);
    EXPECT_STREQ(m_error.message, "receive descriptors: 3 came, room for 2");
    EXPECT_EQ(Descriptors(), before);
    EXPECT_EQ(Send({}, "next"), 4); // the connection goes on
    EXPECT_EQ(Receive(2), 4);
    EXPECT_EQ(m_data, "next");
}

TEST_F(SocketFds, AreRefusedAboveTheLimitOfOneMessage)
{
    EXPECT_EQ(Send(std::vector<int>(MP_SOCKET_FDS_MAX + 1, 0)), MP_EINVAL);
    EXPECT_EQ(Send(std::vector<int>(MP_SOCKET_FDS_MAX, 0)), 1);
    EXPECT_EQ(Receive(MP_SOCKET_FDS_MAX), 1);
    EXPECT_EQ(m_fds.size(), static_cast<size_t>(MP_SOCKET_FDS_MAX));
}

//! Leave this process room for one more descriptor.
void AllowOneMoreDescriptor()
{
    const auto open = Descriptors();
    int number = 0;
    for (int free = 0; free < 1; ++number) free += open.count(number) == 0;
    rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = static_cast<rlim_t>(number);
    setrlimit(RLIMIT_NOFILE, &limit);
}

TEST_F(SocketFds, ReportWhatTheDescriptorLimitCutOff)
{
    EXPECT_EQ(Send({0, 1, 2}), 1);
    EXPECT_EXIT(
        {
            const auto before = Descriptors();
            AllowOneMoreDescriptor();
            const int r = Receive(3);
            _exit(r == MP_EMFILE && m_fds.empty() && Descriptors() == before ? 0 : 1);
        },
        testing::ExitedWithCode(0), "");
    m_near.Close();
    EXPECT_EQ(Receive(3), 0); // the other process has read it: nothing is left but the end
}

TEST_F(SocketFds, RefuseBadArguments)
{
    size_t n_fds;
    char byte = 0;
    int fd = 0;
    EXPECT_EQ(mp_socket_send_fds(m_near.get(), nullptr, 1, nullptr, 0, nullptr), MP_EINVAL);
    EXPECT_EQ(mp_socket_send_fds(m_near.get(), &byte, 0, nullptr, 0, nullptr), MP_EINVAL);
    EXPECT_EQ(mp_socket_send_fds(m_near.get(), &byte, 1, nullptr, 1, nullptr), MP_EINVAL);
    EXPECT_EQ(mp_socket_receive_fds(m_far.get(), nullptr, 1, &fd, 1, &n_fds, nullptr), MP_EINVAL);
    EXPECT_EQ(mp_socket_receive_fds(m_far.get(), &byte, 1, nullptr, 1, &n_fds, nullptr), MP_EINVAL);
    EXPECT_EQ(mp_socket_receive_fds(m_far.get(), &byte, 1, &fd, 1, nullptr, nullptr), MP_EINVAL);
    EXPECT_EQ(Send({987}), MP_EBADF);
}

TEST_F(SocketFds, EndOfStreamIsZeroBytes)
{
    m_near.Close();
    EXPECT_EQ(Receive(1), 0);
    EXPECT_TRUE(m_fds.empty());
}

TEST_F(SocketFds, SendToAClosedPeerIsEpipeWithoutASignal)
{
    m_far.Close();
    EXPECT_EQ(Send({0}), MP_EPIPE); // SIGPIPE has its default here: it would end the test
    EXPECT_EQ(m_error.system_code, EPIPE);
}

TEST_F(SocketFds, LargeDataIsSentWhole)
{
    const std::string data(4 << 20, 'z');
    size_t received = 0, fds = 0;
    std::thread receiver([&] {
        while (received < data.size() && Receive(1, 65536) > 0) {
            received += m_data.size();
            fds += m_fds.size();
        }
    });
    mp_error error;
    const int in = 0;
    EXPECT_EQ(mp_socket_send_fds(m_near.get(), data.data(), data.size(), &in, 1, &error),
              static_cast<int>(data.size()));
    receiver.join();
    EXPECT_EQ(received, data.size());
    EXPECT_EQ(fds, 1U);
}

TEST_F(SocketFds, NonblockingSendReturnsWhatFitted)
{
    const std::string data(4 << 20, 'z');
    EXPECT_EQ(mp_socket_set_nonblocking(m_near.get(), 1, nullptr), 0);
    const int sent = Send({0}, data);
    EXPECT_GT(sent, 0);
    EXPECT_LT(sent, static_cast<int>(data.size()));
    EXPECT_EQ(Send({0}, data), MP_EAGAIN);
    EXPECT_EQ(mp_socket_set_nonblocking(m_far.get(), 1, nullptr), 0);
    size_t received = 0;
    while (Receive(1, 65536) > 0) received += m_data.size();
    EXPECT_EQ(m_error.status, MP_EAGAIN);
    EXPECT_EQ(received, static_cast<size_t>(sent));
}

} // namespace
} // namespace mp::test
