// A promise of an event loop's that any thread fulfils, by a socket: KJ's own means are out of ThreadSanitizer's sight.
#ifndef MP_TEST_RPC_SUPPORT_BELL_H
#define MP_TEST_RPC_SUPPORT_BELL_H

#include <gtest/gtest.h>
#include <mp/event-loop.h>
#include <mp/util.h>
#include <rpc/support/signal.h>
#include <unistd.h>

namespace mp::test {

class Bell
{
public:
    explicit Bell(EventLoop& loop) : m_loop(loop), m_sockets(SocketPair()), m_stream(MakeStream(loop, m_sockets[0])) {}
    ~Bell()
    {
        m_loop.call([&] { m_stream = nullptr; });
        close(m_sockets[1]);
    }
    Bell(const Bell&) = delete;
    Bell& operator=(const Bell&) = delete;

    //! Once for each hear(). Any thread.
    void ring() { EXPECT_EQ(write(m_sockets[1], "x", 1), 1); }

    //! Wait for the ring, on the loop's owner.
    //! @return false when the deadline has passed
    [[nodiscard]] bool hear()
    {
        auto& timer = m_loop.m_io_context.provider->getTimer();
        const auto deadline = std::chrono::nanoseconds(DEADLINE).count() * kj::NANOSECONDS;
        return timer.timeoutAfter(deadline, m_stream->read(&m_byte, 1))
            .then([] { return true; }, [](const kj::Exception&) { return false; })
            .wait(m_loop.m_io_context.waitScope);
    }

private:
    EventLoop& m_loop;
    const std::array<SocketId, 2> m_sockets;
    Stream m_stream;
    char m_byte{0};
};

} // namespace mp::test

#endif // MP_TEST_RPC_SUPPORT_BELL_H
