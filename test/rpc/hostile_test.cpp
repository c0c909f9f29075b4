// Peers that speak the protocol against its rules.
#include <capnp/capability.h>
#include <capnp/rpc.capnp.h>
#include <gtest/gtest.h>
#include <random>
#include <rpc/support/raw-peer.h>

namespace mp::test {
namespace {

using capnp::rpc::CapDescriptor;

constexpr uint16_t RUN = 3;

//! A call of "run" whose two threads are described as asked.
Bytes RunCall(CapDescriptor::Which thread, CapDescriptor::Which callback_thread, uint32_t id)
{
    capnp::MallocMessageBuilder message;
    auto payload = InitCall(message, 1, RUN).initParams();
    capnp::BuilderCapabilityTable table;
    auto params = table.imbue(payload.getContent()).initAs<messages::Service::RunParams>();
    params.setWhat("what");
    auto context = params.initContext();
    context.setThread(Thread::Client(nullptr));
    context.setCallbackThread(Thread::Client(nullptr));
    auto descriptors = payload.initCapTable(2);
    const CapDescriptor::Which kinds[] = {thread, callback_thread};
    for (kj::uint i = 0; i < 2; ++i) {
        switch (kinds[i]) {
        case CapDescriptor::NONE: descriptors[i].setNone(); break;
        case CapDescriptor::SENDER_HOSTED: descriptors[i].setSenderHosted(id); break;
        case CapDescriptor::SENDER_PROMISE: descriptors[i].setSenderPromise(id); break;
        case CapDescriptor::RECEIVER_HOSTED: descriptors[i].setReceiverHosted(id); break;
        case CapDescriptor::RECEIVER_ANSWER: descriptors[i].initReceiverAnswer().setQuestionId(id); break;
        case CapDescriptor::THIRD_PARTY_HOSTED: descriptors[i].initThirdPartyHosted().setVineId(id); break;
        }
    }
    return FromMessage(message);
}

TEST(HostilePeer, NamesThreadsOfEveryKind)
{
    const CapDescriptor::Which kinds[] = {
        CapDescriptor::NONE,            CapDescriptor::SENDER_HOSTED,   CapDescriptor::SENDER_PROMISE,
        CapDescriptor::RECEIVER_HOSTED, CapDescriptor::RECEIVER_ANSWER, CapDescriptor::THIRD_PARTY_HOSTED};
    for (const auto thread : kinds) {
        for (const auto callback_thread : kinds) {
            for (const uint32_t id : {0u, 77u}) {
                SCOPED_TRACE(testing::Message() << thread << " " << callback_thread << " " << id);
                RawPeer peer;
                peer.send(Bootstrap());
                peer.send(RunCall(thread, callback_thread, id));
                peer.shutdownWrite();
                peer.readAll();
                peer.expectClosed();
                EXPECT_FALSE(peer.logs().has("executing request"));
            }
        }
    }
}

TEST(HostilePeer, ChangesBytesAnywhere)
{
    Bytes whole = Bootstrap();
    for (const Bytes& more : {CallOf(2, 0), CallOf(3, 1), CallOf(4, 2),
                              RunCall(CapDescriptor::SENDER_HOSTED, CapDescriptor::SENDER_HOSTED, 0)}) {
        whole.insert(whole.end(), more.begin(), more.end());
    }
    std::mt19937 random(12345);
    for (int i = 0; i < 300; ++i) {
        SCOPED_TRACE(i);
        Bytes bytes = whole;
        for (int changes = 1 + static_cast<int>(random() % 4); changes > 0; --changes) {
            // Mostly small numbers: they pass more checks.
            bytes[random() % bytes.size()] = static_cast<unsigned char>(random() % 2 ? random() : random() % 8);
        }
        RawPeer peer;
        peer.send(bytes);
        peer.close();
        peer.expectClosed();
    }
}

TEST(HostilePeer, PrintsText)
{
    RawPeer peer;
    peer.send({'h', 'i', '\n'});
    peer.expectClosed();
    EXPECT_TRUE(
        peer.logs().has(Log::Warning, "IPC connection failed: message has too many segments, or is none: 'hi\\0a'"))
        << peer.logs().all();
}

TEST(HostilePeer, ReleasesWhatItDoesNotHave)
{
    for (const uint32_t id : {0u, 1u, 0xffffffffu}) {
        capnp::MallocMessageBuilder message;
        auto release = message.initRoot<capnp::rpc::Message>().initRelease();
        release.setId(id);
        release.setReferenceCount(0x7fffffff);
        RawPeer peer;
        peer.send(Bootstrap());
        peer.send(FromMessage(message));
        peer.shutdownWrite();
        peer.readAll();
        peer.expectClosed();
    }
}

TEST(HostilePeer, AnswersWhatNobodyAsked)
{
    for (const uint32_t id : {0u, 1u, 0xffffffffu}) {
        capnp::MallocMessageBuilder message;
        auto answer = message.initRoot<capnp::rpc::Message>().initReturn();
        answer.setAnswerId(id);
        answer.initResults();
        RawPeer peer;
        peer.send(FromMessage(message));
        peer.shutdownWrite();
        peer.readAll();
        peer.expectClosed();
    }
}

TEST(HostilePeer, UsesAQuestionNumberTwice)
{
    RawPeer peer;
    peer.send(Bootstrap());
    peer.send(Bootstrap());
    peer.send(CallOf(0, 1));
    peer.shutdownWrite();
    peer.readAll();
    peer.expectClosed();
}

} // namespace
} // namespace mp::test
