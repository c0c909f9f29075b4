// One connection on which calls come without end: the others, and threads of this process, still get their turn.
#include <atomic>
#include <chrono>
#include <cstring>
#include <gtest/gtest.h>
#include <mp/proxy-io.h>
#include <poll.h>
#include <rpc/support/bell.h>
#include <rpc/support/foreign-clients.h>
#include <rpc/support/raw-peer.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace mp::test {
namespace {

constexpr uint16_t RUN_ON_LOOP = 4;
constexpr uint16_t NARROW = 14;

//! A peer that sends requests and reads no answers. It never waits: any thread may send.
class Flooder
{
public:
    explicit Flooder(SocketId socket) : m_socket(socket) { send(Bootstrap()); }
    ~Flooder() { close(m_socket); }
    Flooder(const Flooder&) = delete;
    Flooder& operator=(const Flooder&) = delete;

    //! Call a method of the loop's so many times.
    void call(uint16_t method, int times = 1)
    {
        Bytes calls;
        for (int i = 0; i < times; ++i) {
            const Bytes call = CallOf(++m_question, method);
            calls.insert(calls.end(), call.begin(), call.end());
        }
        send(calls);
    }
    //! Wait for the answer to the bootstrap and for one more.
    [[nodiscard]] bool waitAnswered() const { return receiveAnswer() && receiveAnswer(); }
    //! Calls so far.
    int calls() const { return static_cast<int>(m_question); }

private:
    void send(const Bytes& bytes) const
    {
        EXPECT_EQ(::send(m_socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT),
                  static_cast<ssize_t>(bytes.size()));
    }
    //! One message of one segment.
    bool receiveAnswer() const
    {
        uint32_t header[2];
        char content[1024];
        return receive(header, sizeof(header)) && header[0] == 0 && header[1] * 8 <= sizeof(content) &&
               receive(content, header[1] * 8);
    }
    bool receive(void* data, size_t size) const
    {
        pollfd entry{m_socket, POLLIN, 0};
        return poll(&entry, 1, static_cast<int>(std::chrono::milliseconds(DEADLINE).count())) == 1 &&
               recv(m_socket, data, size, MSG_WAITALL) == static_cast<ssize_t>(size);
    }

    const SocketId m_socket;
    std::atomic<uint32_t> m_question{0};
};

//! A server, and a connection whose socket always has more requests than are read at once.
class Flood : public ForeignClients
{
protected:
    //! Requests that come at once,
    static constexpr int BATCH = 100;
    //! and that wait in the socket.
    static constexpr int DEPTH = 10 * BATCH;
    //! Served by then without a word from the others: they never would be.
    static constexpr int MANY = 500'000;

    Flood()
    {
        m_impl.on_loop = [this](const std::string&) {
            if (++m_served == 1) {
                if (m_on_first) m_on_first();
                m_flowing.set();
            }
            if (m_served >= MANY) m_endless = true;
            if (m_served % BATCH == 0 && !m_enough && !m_endless) m_flooder.call(RUN_ON_LOOP, BATCH);
            if (m_served == m_flooder.calls()) m_over.set();
            return std::string();
        };
    }

    void begin()
    {
        // All at once, so that none is served before the others are there.
        m_server.loop().sync([&] {
            for (int i = 0; i < DEPTH / BATCH; ++i) m_flooder.call(RUN_ON_LOOP, BATCH);
        });
    }
    //! What was to happen meanwhile has happened.
    void end()
    {
        m_enough = true;
        EXPECT_TRUE(m_over.wait());
        EXPECT_FALSE(m_endless) << "nobody else got a turn";
    }

    std::function<void()> m_on_first;
    std::atomic<int> m_served{0};
    Signal m_flowing;

private:
    std::atomic<bool> m_enough{false};
    std::atomic<bool> m_endless{false};
    Signal m_over;
    Flooder m_flooder{dial()};
};

TEST_F(Flood, LeavesOtherConnectionsTheirTurn)
{
    Flooder other(dial());
    std::atomic<int> served_before{0};
    m_impl.on_narrow = [&] { served_before = m_served.load(); };
    // Too late for the look at the events that has found the flood.
    m_on_first = [&] { other.call(NARROW); };
    begin();
    EXPECT_TRUE(other.waitAnswered());
    end();
    EXPECT_GE(served_before, 1);
    // Three turns of 16, if the other one's request is seen late.
    EXPECT_LE(served_before, 48);
}

TEST_F(Flood, LeavesOtherConnectionsTheirTurnAlsoWhileTheOwnerWaits)
{
    Flooder other(dial());
    Bell bell(m_server.loop());
    m_impl.on_narrow = [&] { bell.ring(); };
    m_on_first = [&] { other.call(NARROW); };
    bool heard = false;
    m_server.loop().sync([&] {
        begin();
        heard = bell.hear();
    });
    EXPECT_TRUE(heard);
    EXPECT_TRUE(other.waitAnswered());
    end();
}

TEST_F(Flood, LeavesThreadsTheLoop)
{
    begin();
    EXPECT_TRUE(m_flowing.wait());
    // A thread that has owned the loop goes on, too.
    for (int i = 0; i < 20; ++i) m_server.loop().sync([] {});
    end();
}

TEST_F(Flood, LeavesWorkersTheLoop)
{
    Logs logs;
    LoopThread thread(logs.options());
    const auto client = ConnectStream<messages::Service>(thread.loop(), MakeStream(thread.loop(), dial()));
    EXPECT_EQ(client->addOnWorker(1, 2), 3);
    begin();
    EXPECT_TRUE(m_flowing.wait());
    for (int i = 0; i < 20; ++i) EXPECT_EQ(client->addOnWorker(i, 1), i + 1);
    end();
}

//! A stream that is none of ours, and has the next requests at once, always.
class EndlessStream final : public kj::AsyncIoStream
{
public:
    //! @param over  whether there are no more
    explicit EndlessStream(std::function<bool()> over) : m_over(std::move(over)) {}

    kj::Promise<size_t> tryRead(void* buffer, size_t, size_t max_bytes) override
    {
        if (m_over()) return size_t{0};
        if (m_sent == m_bytes.size()) {
            m_bytes = m_question == 0 ? Bootstrap() : LargeCall(m_question);
            ++m_question;
            m_sent = 0;
        }
        const size_t size = std::min(max_bytes, m_bytes.size() - m_sent);
        memcpy(buffer, m_bytes.data() + m_sent, size);
        m_sent += size;
        return size;
    }
    kj::Promise<void> write(const void*, size_t) override { return kj::READY_NOW; }
    kj::Promise<void> write(kj::ArrayPtr<const kj::ArrayPtr<const kj::byte>>) override { return kj::READY_NOW; }
    kj::Promise<void> whenWriteDisconnected() override { return kj::NEVER_DONE; }
    void shutdownWrite() override {}

private:
    //! Few of them fit into a buffer.
    static Bytes LargeCall(uint32_t question)
    {
        capnp::MallocMessageBuilder message;
        auto params = InitCall(message, question, RUN_ON_LOOP).initParams().getContent().initAs<messages::Service::RunOnLoopParams>();
        params.setWhat(std::string(2000, 'x'));
        return FromMessage(message);
    }

    const std::function<bool()> m_over;
    uint32_t m_question{0};
    Bytes m_bytes;
    size_t m_sent{0};
};

TEST_F(ForeignClients, ThatFloodOverAStreamOfTheirOwnLeaveThreadsTheLoop)
{
    constexpr int MANY = 100'000;
    std::atomic<int> served{0};
    std::atomic<bool> enough{false};
    Signal flowing;
    m_impl.on_loop = [&](const std::string&) {
        if (++served == 1) flowing.set();
        return std::string();
    };
    EventLoop& loop = m_server.loop();
    loop.sync([&] {
        ServeStream<messages::Service>(loop, kj::heap<EndlessStream>([&] { return enough || served >= MANY; }), m_impl);
    });
    EXPECT_TRUE(flowing.wait());
    for (int i = 0; i < 20; ++i) loop.sync([] {});
    EXPECT_LT(served, MANY) << "nobody else got a turn";
    enough = true;
    EXPECT_TRUE(m_logs.waitFor("IPC server: socket disconnected."));
}

} // namespace
} // namespace mp::test
