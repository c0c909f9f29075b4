#include <gtest/gtest.h>

#include <rpc/support/gate.h>
#include <rpc/support/session.h>
#include <set>

namespace mp::test {
namespace {

using CounterClient = ProxyClient<messages::Counter>;

//! Objects of the server that are released without "destroy": on a cleanup thread.
class Released
{
public:
    explicit Released(Session& session) : m_session(session) {}

    //! A client of a new object whose destructor does something.
    std::unique_ptr<CounterClient> object(ServiceClient& client, std::function<void()> on_destroy)
    {
        m_session.impl.on_counter_destroyed = std::move(on_destroy);
        // The base class has no virtual destructor.
        return std::unique_ptr<CounterClient>(static_cast<CounterClient*>(client.makeCounter().release()));
    }

private:
    Session& m_session;
};

TEST(AsyncCleanup, OfOneConnectionDoesNotHoldUpAnothers)
{
    Gate gate;
    Signal gone;
    Signal gone_with_connection;
    Session session;
    Released released(session);
    std::vector<std::unique_ptr<ServiceClient>> clients;
    std::vector<std::unique_ptr<CounterClient>> stuck;
    for (int i = 0; i < 3; ++i) {
        clients.push_back(session.connect());
        stuck.push_back(released.object(*clients.back(), [&] {
            gate.pass();
        }));
    }
    auto other = session.connect();
    auto object = released.object(*other, [&] { gone.set(); });

    stuck.clear();
    EXPECT_TRUE(gate.waitReached());
    object.reset();
    EXPECT_TRUE(gone.wait());
    // So do connections that go as a whole.
    auto another = session.connect();
    auto kept = released.object(*another, [&] { gone_with_connection.set(); });
    session.disconnectServer();
    EXPECT_TRUE(gone_with_connection.wait());
    gate.open();
}

TEST(AsyncCleanup, OfOneConnectionIsDoneInOrder)
{
    Gate gate;
    Signal last;
    Signal gone;
    std::atomic<int> begun{0};
    Session session;
    Released released(session);
    auto first = released.object(*session.client, [&] {
        ++begun;
        gate.pass();
        EXPECT_EQ(begun, 1);
    });
    auto second = released.object(*session.client, [&] {
        ++begun;
        last.set();
    });
    // The other connection's is done meanwhile, by a thread that has nothing else to do.
    auto client = session.connect();
    auto other = released.object(*client, [&] { gone.set(); });
    first.reset();
    second.reset();
    other.reset();
    EXPECT_TRUE(gone.wait());
    EXPECT_TRUE(gate.waitReached());
    EXPECT_EQ(begun, 1);
    gate.open();
    EXPECT_TRUE(last.wait());
}

TEST(AsyncCleanup, TakesNoThreadForEachConnection)
{
    std::mutex mutex;
    std::set<std::thread::id> threads;
    std::atomic<int> left{200};
    Signal done;
    Session session;
    Released released(session);
    std::vector<std::unique_ptr<ServiceClient>> clients;
    std::vector<std::unique_ptr<CounterClient>> objects;
    for (int i = 0; i < 20; ++i) {
        clients.push_back(session.connect());
        for (int n = 0; n < 10; ++n) {
            objects.push_back(released.object(*clients.back(), [&] {
                {
                    const std::lock_guard lock(mutex);
                    threads.insert(std::this_thread::get_id());
                }
                if (--left == 0) done.set();
            }));
        }
    }
    session.disconnectServer();
    EXPECT_TRUE(done.wait());
    // One, unless the machine is busy.
    EXPECT_LT(threads.size(), clients.size());
}

} // namespace
} // namespace mp::test
