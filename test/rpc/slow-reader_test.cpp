// Peers that ask for much and take their time to read it: what waits for them is bounded, and all of it arrives.
#include <atomic>
#include <ctime>
#include <gtest/gtest.h>
#include <mp/proxy-io.h>
#include <rpc/support/foreign-clients.h>
#include <rpc/support/gate.h>
#include <thread>

namespace mp::test {
namespace {

constexpr size_t SIZE = 1 << 20;
constexpr int CALLS = 60;
//! What may wait for a peer (8 MiB), and the socket's buffers.
constexpr int WAITING = 10;
constexpr int WORKERS = 3;

std::string Answer(const std::string& what)
{
    std::string text = what + ":";
    while (text.size() < SIZE) text += text;
    return text;
}

//! A client that sends all of its requests before it reads the first answer.
class SlowReader : public ForeignClients
{
protected:
    using Call = std::function<kj::Promise<bool>(ServicePtr& service, const std::string& what)>;

    SlowReader()
    {
        m_impl.on_run = m_impl.on_loop = [this](const std::string& what) {
            ++m_served;
            return Answer(what);
        };
    }

    //! Have a client call, and wait until the server has done what it does while the client doesn't read.
    void stall(Call call)
    {
        m_client.emplace(dial(), [this, call](kj::AsyncIoContext& io, ServicePtr service) {
            auto pool = threadMapOf(io, service).makePoolRequest();
            pool.setCount(WORKERS);
            pool.send().wait(io.waitScope);
            kj::Vector<kj::Promise<void>> answers;
            for (int i = 0; i < CALLS; ++i) {
                answers.add(call(service, std::to_string(i)).then([this, i](bool right) {
                    m_right += right;
                    m_in_order = m_in_order && m_answered++ == i;
                }));
            }
            io.waitScope.poll();
            m_gate.pass();
            for (auto& answer : answers) answer.wait(io.waitScope);
        });
        ASSERT_TRUE(m_gate.waitReached());
        // Turns enough for all of it.
        LoopThread thread(m_client_logs.options());
        const auto other = ConnectStream<messages::Service>(thread.loop(), MakeStream(thread.loop(), dial()));
        for (int i = 0; i < 10 * CALLS; ++i) EXPECT_EQ(other->addOnWorker(i, 1), i + 1);
    }
    //! Let the client read.
    void goOn()
    {
        m_gate.open();
        m_client->join();
    }

    std::atomic<int> m_served{0};
    //! Of the answers that the client got.
    int m_right{0};
    bool m_in_order{true};

private:
    Logs m_client_logs;
    Gate m_gate;
    int m_answered{0};
    std::optional<ForeignClient> m_client;
};

//! Whether there is a time in which hardly anything happens, once what ends has ended.
bool ComesToRest()
{
#if defined(__SANITIZE_THREAD__)
    return true; // the sanitizer never rests
#else
    constexpr int ATTEMPTS = 30;
    for (int i = 0; i < ATTEMPTS; ++i) {
        const std::clock_t before = std::clock();
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
        if (std::clock() - before <= CLOCKS_PER_SEC / 500) return true;
    }
    return false;
#endif
}

TEST_F(SlowReader, IsServedNoFasterThanItReads)
{
    stall([](ServicePtr& service, const std::string& what) {
        auto request = service.runOnLoopRequest();
        request.setWhat(what);
        return request.send().then([what](auto&& response) { return response.getResult() == Answer(what).c_str(); });
    });
    EXPECT_GE(m_served, 1);
    EXPECT_LE(m_served, WAITING);
    EXPECT_TRUE(ComesToRest()); // nobody looks again and again whether it reads now
    goOn();
    EXPECT_EQ(m_served, CALLS);
    EXPECT_EQ(m_right, CALLS);
    EXPECT_TRUE(m_in_order);
}

TEST_F(SlowReader, HoldsUpTheThreadsThatServeIt)
{
    stall([](ServicePtr& service, const std::string& what) {
        return runRequest(service, what).send().then([what](auto&& response) {
            return response.getResult() == Answer(what).c_str();
        });
    });
    EXPECT_GE(m_served, 1);
    EXPECT_LE(m_served, WAITING + WORKERS);
    goOn();
    EXPECT_EQ(m_served, CALLS);
    EXPECT_EQ(m_right, CALLS);
}

// A thread that owns the loop calls an object of another loop, and gets a request of its peer's meanwhile. If that waited for
// output to leave, nobody could send it.
TEST_F(ForeignClients, MayReadSlowlyWhileTheThreadThatServesThemOwnsTheLoop)
{
    ServiceImpl far_impl;
    Logs far_logs;
    LoopThread far_server(far_logs.options());
    Logs near_logs;
    LoopThread near_client(near_logs.options());
    const auto sockets = SocketPair();
    EventLoop& far_loop = far_server.loop();
    far_loop.sync([&] { ServeStream<messages::Service>(far_loop, MakeStream(far_loop, sockets[0]), far_impl); });
    const auto far = ConnectStream<messages::Service>(near_client.loop(), MakeStream(near_client.loop(), sockets[1]));

    Gate first, requests, read;
    Signal second, large;
    m_impl.on_run = [&](const std::string& what) {
        if (what == "first") {
            first.pass();
            m_server.loop().sync([&] { EXPECT_EQ(far->addOnWorker(1, 2), 3); });
        } else {
            second.set();
        }
        return what;
    };
    m_impl.on_loop = [&](const std::string&) {
        large.set();
        return std::string(20 * SIZE, 'x');
    };
    ForeignClient client(dial(), [&](kj::AsyncIoContext& io, ServicePtr service) {
        auto pool = threadMapOf(io, service).makePoolRequest();
        pool.setCount(1);
        pool.send().wait(io.waitScope);
        auto first_answer = runRequest(service, "first").send();
        io.waitScope.poll();
        requests.pass();
        // In this order: after the large answer nothing is read from this peer.
        auto second_answer = runRequest(service, "second").send();
        auto large_answer = service.runOnLoopRequest().send();
        io.waitScope.poll();
        read.pass();
        EXPECT_EQ(first_answer.wait(io.waitScope).getResult(), "first");
        EXPECT_EQ(second_answer.wait(io.waitScope).getResult(), "second");
        EXPECT_EQ(large_answer.wait(io.waitScope).getResult().size(), 20 * SIZE);
    });
    EXPECT_TRUE(first.waitReached());
    EXPECT_TRUE(requests.waitReached());
    requests.open();
    EXPECT_TRUE(large.wait());
    // The turn in which the answer was written is over.
    m_server.loop().sync([] {});
    first.open();
    EXPECT_TRUE(second.wait());
    read.open();
    client.join();
}

} // namespace
} // namespace mp::test
