#include <atomic>
#include <gen/loops.h>
#include <gmock/gmock.h>
#include <limits>
#include <numeric>
#include <types/input.capnp.h>
#include <types/input.capnp.proxy.h>

// What a peer sends that doesn't fit fails its own call, with a text that says why; the connection goes on.

namespace types {
namespace {

using testing::HasSubstr;

class LocalThing : public Thing
{
public:
    std::string name() override { return "thing"; }
};

class LocalInput : public Input
{
public:
    int16_t small(int16_t number) override
    {
        ++m_calls;
        return number;
    }
    uint32_t fixed(const std::array<char, 4>& bytes) override
    {
        ++m_calls;
        return static_cast<uint32_t>(bytes[3]);
    }
    int32_t shade(Shade shade) override { return static_cast<int32_t>(shade); }
    std::string text(const std::string& text) override { return text; }
    std::vector<int32_t> numbers(const std::vector<int32_t>& numbers) override { return numbers; }
    std::vector<Spot> spots(const std::vector<Spot>& spots) override
    {
        ++m_calls;
        return spots;
    }
    Spot spot(const Spot& spot) override { return spot; }
    uint64_t size(const std::vector<char>& bytes) override { return bytes.size(); }
    std::vector<char> make(uint64_t size) override { return std::vector<char>(size, 'm'); }
    int32_t depth(const Nest& nest) override
    {
        int32_t depth = 0;
        for (const Nest* inner = nest.inner.get(); inner != nullptr; inner = inner->inner.get()) ++depth;
        return depth;
    }
    Nest nest(int32_t depth) override
    {
        Nest nest;
        for (; depth > 0; --depth) nest = Nest{std::make_shared<Nest>(std::move(nest))};
        return nest;
    }
    std::string own(std::unique_ptr<Thing> thing) override { return thing ? nameOf(*thing) : "null"; }
    std::string share(std::shared_ptr<Thing> thing) override { return thing ? nameOf(*thing) : "null"; }
    std::string lend(Thing& thing) override { return nameOf(thing); }
    std::string all(std::vector<std::unique_ptr<Thing>> things) override
    {
        std::string names;
        for (const auto& thing : things) names += (thing ? nameOf(*thing) : "null") + ";";
        return names;
    }

    std::atomic<int> m_calls{0};

private:
    //! Empty where the call fails: the server's log function doesn't throw.
    static std::string nameOf(Thing& thing)
    {
        const std::string name = thing.name();
        return name.empty() ? "no answer" : name;
    }
};

//! Cap'n Proto 1.x takes call hints too.
template <typename Client>
capnp::Request<capnp::AnyPointer, capnp::AnyPointer> NewRequest(Client& client, uint16_t method)
{
    constexpr uint64_t INTERFACE = capnp::typeId<messages::Input>();
    if constexpr (requires { client.typelessRequest(INTERFACE, method, nullptr, {}); }) {
        return client.typelessRequest(INTERFACE, method, nullptr, {});
    } else {
        return client.typelessRequest(INTERFACE, method, nullptr);
    }
}

class InputTest : public mp::test::LoopsTest<messages::Input, LocalInput>
{
protected:
    //! Send a request as it is, on behalf of no thread: what it answers, or why it fails.
    template <typename Fn>
    std::string send(Fn&& build)
    {
        std::promise<std::string> promise;
        m_client->m_context.loop->sync([&] {
            auto request = build(m_client->m_client);
            m_client->m_context.loop->m_task_set->add(request.send().then(
                [&promise](auto&& response) { promise.set_value(kj::str(response).cStr()); },
                [&promise](kj::Exception&& error) { promise.set_value(error.getDescription().cStr()); }));
        });
        return promise.get_future().get();
    }
    //! Send a request whose only parameter is a pointer that build fills, whatever the schema says.
    std::string sendPointer(uint16_t method, const std::function<void(capnp::AnyPointer::Builder)>& build)
    {
        std::promise<std::string> promise;
        m_client->m_context.loop->sync([&] {
            auto request = NewRequest(m_client->m_client, method);
            build(request.initAsAnyStruct(0, 1).getPointerSection()[0]);
            m_client->m_context.loop->m_task_set->add(request.send().then(
                [&promise](capnp::Response<capnp::AnyPointer>&& response) {
                    promise.set_value("answer of " + std::to_string(response.targetSize().wordCount) + " words");
                },
                [&promise](kj::Exception&& error) { promise.set_value(error.getDescription().cStr()); }));
        });
        return promise.get_future().get();
    }
    //! For requests that run on a thread.
    void makePool()
    {
        std::promise<void> promise;
        m_client->m_context.loop->sync([&] {
            auto request = m_client->m_context.connection->m_thread_map.makePoolRequest();
            request.setCount(1);
            m_client->m_context.loop->m_task_set->add(request.send().then([&promise](auto&&) { promise.set_value(); }));
        });
        promise.get_future().get();
    }
    void expectAlive() { EXPECT_EQ(m_client->small(5), 5); }
};

TEST_F(InputTest, RefusesNumbersOutOfRange)
{
    for (const int64_t number : {int64_t{32768}, int64_t{-32769}, std::numeric_limits<int64_t>::min()}) {
        EXPECT_THAT(send([&](auto& client) {
                        auto request = client.smallRequest();
                        request.setNumber(number);
                        return request;
                    }),
                    HasSubstr("std::exception: out of bound int received"));
    }
    EXPECT_EQ(m_local.m_calls, 0);
    expectAlive();
}

TEST_F(InputTest, RefusesDataOfAnotherSize)
{
    for (const unsigned size : {0u, 3u, 5u, 1000000u}) {
        EXPECT_THAT(send([&](auto& client) {
                        auto request = client.fixedRequest();
                        request.initBytes(size);
                        return request;
                    }),
                    HasSubstr("std::exception: unexpected field size"));
    }
    EXPECT_THAT(send([](auto& client) { return client.fixedRequest(); }), HasSubstr("unexpected field size"));
    EXPECT_EQ(m_local.m_calls, 0);
    expectAlive();
}

TEST_F(InputTest, TakesUnsetFieldsForDefaults)
{
    EXPECT_EQ(send([](auto& client) { return client.smallRequest(); }), "(result = 0)");
    EXPECT_EQ(send([](auto& client) { return client.textRequest(); }), "(result = \"\")");
    EXPECT_EQ(send([](auto& client) { return client.numbersRequest(); }), "(result = [])");
    EXPECT_EQ(send([](auto& client) { return client.spotRequest(); }), "(result = (x = 0, label = \"\"))");
    EXPECT_EQ(send([](auto& client) { return client.sizeRequest(); }), "(result = 0)");
    EXPECT_EQ(send([](auto& client) { return client.depthRequest(); }), "(result = 0)");
}

TEST_F(InputTest, PassesEnumsThatTheReceiverDoesNotKnow)
{
    EXPECT_EQ(m_client->shade(static_cast<Shade>(200)), 200);
    EXPECT_EQ(send([](auto& client) {
                  auto request = client.shadeRequest();
                  request.setShade(77);
                  return request;
              }),
              "(result = 77)");
}

TEST_F(InputTest, PassesNulsInText)
{
    const std::string text("\0a\0\0b\0", 6);
    EXPECT_EQ(m_client->text(text), text);
}

TEST_F(InputTest, TakesNullCapabilitiesForNullPointers)
{
    EXPECT_EQ(m_client->own(nullptr), "null");
    EXPECT_EQ(m_client->share(nullptr), "null");
    std::vector<std::unique_ptr<Thing>> things;
    things.push_back(nullptr);
    things.push_back(std::make_unique<LocalThing>());
    EXPECT_EQ(m_client->all(std::move(things)), "null;thing;");
}

TEST_F(InputTest, CallsOnANullReferenceFail)
{
    makePool();
    EXPECT_EQ(send([](auto& client) { return client.lendRequest(); }), "(result = \"no answer\")");
    LocalThing thing;
    EXPECT_EQ(m_client->lend(thing), "thing");
}

TEST_F(InputTest, CallsOnCapabilitiesOfAnotherTypeFail)
{
    // The first object of the connection is no Thing.
    makePool();
    EXPECT_EQ(send([](auto& client) {
                  auto request = client.ownRequest();
                  request.setThing(client.template castAs<messages::Thing>());
                  return request;
              }),
              "(result = \"no answer\")");
    EXPECT_EQ(send([](auto& client) {
                  auto request = client.allRequest();
                  request.initThings(1).set(0, client.template castAs<messages::Thing>());
                  return request;
              }),
              "(result = \"no answer;\")");
    std::unique_ptr<mp::ProxyClient<messages::Thing>> thing;
    m_client->m_context.loop->sync([&] {
        thing = std::make_unique<mp::ProxyClient<messages::Thing>>(m_client->m_client.castAs<messages::Thing>(),
                                                                   m_client->m_context.connection, false);
    });
    EXPECT_THAT(failure([&] { thing->name(); }), HasSubstr("remote exception: "));
    EXPECT_THAT(failure([&] { thing->name(); }), testing::ContainsRegex("unimplemented|not implemented"));
    expectAlive();
}

TEST_F(InputTest, TakesWhatAnOlderPeerLeavesOut)
{
    EXPECT_THAT(send([](auto& client) {
                    // An older peer's struct has no text yet.
                    auto request = client.spotsRequest();
                    request.initSpots(2)[1].setX(-1);
                    return request;
                }),
                HasSubstr("(x = -1, label = \"\")"));
    expectAlive();
}

TEST_F(InputTest, PassesLongLists)
{
    std::vector<int32_t> numbers(100000);
    std::iota(numbers.begin(), numbers.end(), -5);
    EXPECT_EQ(m_client->numbers(numbers), numbers);
    std::vector<Spot> spots(100000);
    for (size_t i = 0; i < spots.size(); ++i) spots[i] = {static_cast<int16_t>(i % 30000), std::to_string(i)};
    const std::vector<Spot> passed = m_client->spots(spots);
    ASSERT_EQ(passed.size(), spots.size());
    for (size_t i = 0; i < spots.size(); ++i) {
        ASSERT_EQ(passed[i].x, spots[i].x);
        ASSERT_EQ(passed[i].label, spots[i].label);
    }
}

constexpr uint16_t TEXT = 4;
constexpr uint16_t NUMBERS = 5;
constexpr uint16_t SPOTS = 6;
constexpr uint16_t SPOT = 7;

TEST_F(InputTest, RefusesPointersOfAnotherType)
{
    const auto list = [](capnp::AnyPointer::Builder pointer) { pointer.initAs<capnp::List<int64_t>>(2); };
    const auto object = [](capnp::AnyPointer::Builder pointer) { pointer.initAs<messages::Spot>().setX(1); };
    const auto capability = [&](capnp::AnyPointer::Builder pointer) {
        pointer.setAs<capnp::Capability>(m_client->m_client);
    };
    const auto text = [](capnp::AnyPointer::Builder pointer) { pointer.setAs<capnp::Text>("text"); };
    EXPECT_THAT(sendPointer(TEXT, list), HasSubstr("remote exception: "));
    EXPECT_THAT(sendPointer(TEXT, object), HasSubstr("remote exception: "));
    EXPECT_THAT(sendPointer(TEXT, capability), HasSubstr("remote exception: "));
    EXPECT_THAT(sendPointer(NUMBERS, object), HasSubstr("remote exception: "));
    EXPECT_THAT(sendPointer(NUMBERS, text), HasSubstr("remote exception: "));
    EXPECT_THAT(sendPointer(SPOTS, text), HasSubstr("answer"));
    EXPECT_THAT(sendPointer(SPOT, list), HasSubstr("remote exception: "));
    EXPECT_THAT(sendPointer(SPOT, capability), HasSubstr("remote exception: "));
    expectAlive();
}

TEST_F(InputTest, RefusesLongListsThatTakeNoRoom)
{
    const auto empty = [](unsigned size) {
        return [size](capnp::AnyPointer::Builder pointer) { pointer.initAs<capnp::List<capnp::Void>>(size); };
    };
    EXPECT_THAT(sendPointer(SPOTS, empty(1000)), HasSubstr("answer"));
    m_local.m_calls = 0;
    EXPECT_THAT(sendPointer(SPOTS, empty(2000000)), HasSubstr("elements that take no room"));
    EXPECT_THAT(sendPointer(SPOTS, empty((1u << 29) - 1)), HasSubstr("remote exception: "));
    EXPECT_EQ(m_local.m_calls, 0);
    expectAlive();
}

//! The most that a message takes, and what a call needs of it besides the data.
constexpr size_t LIMIT = size_t{64} << 20;
constexpr size_t OVERHEAD = 1024;

TEST_F(InputTest, PassesAlmost64MiB)
{
    EXPECT_EQ(m_client->size(std::vector<char>(LIMIT - OVERHEAD)), LIMIT - OVERHEAD);
    const std::vector<char> made = m_client->make(LIMIT - OVERHEAD);
    ASSERT_EQ(made.size(), LIMIT - OVERHEAD);
    EXPECT_EQ(made.back(), 'm');
}

TEST_F(InputTest, RefusesParametersThatThePeerWouldNotRead)
{
    EXPECT_THAT(failure([&] { m_client->size(std::vector<char>(LIMIT)); }), HasSubstr("message is too large to send"));
    expectAlive();
}

TEST_F(InputTest, RefusesResultsThatThePeerWouldNotRead)
{
    EXPECT_THAT(failure([&] { m_client->make(LIMIT); }), HasSubstr("message is too large to send"));
    expectAlive();
}

TEST_F(InputTest, PassesNestedValuesUpToTheLimitAndNotBeyond)
{
    // Of the 64 levels of Cap'n Proto some are around the value.
    EXPECT_EQ(m_client->depth(m_local.nest(50)), 50);
    EXPECT_EQ(m_local.depth(m_client->nest(50)), 50);
    EXPECT_THAT(failure([&] { m_client->depth(m_local.nest(64)); }), HasSubstr("too deeply-nested"));
    expectAlive();
    EXPECT_THAT(failure([&] { m_client->nest(64); }), HasSubstr("too deeply-nested"));
    expectAlive();
    EXPECT_THAT(failure([&] { m_client->depth(m_local.nest(5000)); }), HasSubstr("too deeply-nested"));
    expectAlive();
}

} // namespace
} // namespace types
