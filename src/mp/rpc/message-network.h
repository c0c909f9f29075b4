#ifndef MP_RPC_MESSAGE_NETWORK_H
#define MP_RPC_MESSAGE_NETWORK_H

#include "back-pressure.h"
#include "call-counts.h"
#include "fd-stream.h"
#include "frame-reader.h"
#include "outgoing-message.h"
#include "reactor.h"

#include <capnp/message.h>
#include <capnp/rpc-twoparty.h>
#include <deque>
#include <mp/disconnect.h>
#include <mp/limits.h>

namespace mp {

//! The transport of one connection, as RpcSystem sees it: messages framed straight out of and into buffers, sent once
//! per turn of the loop. Over an FdStream it reads and writes without promises; any other stream works too.
//! Owning the loop.
class MessageNetwork final : public capnp::TwoPartyVatNetworkBase,
                             private capnp::TwoPartyVatNetworkBase::Connection,
                             private Reactor::Flushable,
                             private Reactor::Resumable,
                             private FdStream::Listener
{
public:
    MessageNetwork(Reactor& reactor, kj::Own<kj::AsyncIoStream> stream, capnp::rpc::twoparty::Side side,
                   const Limits& limits = Limits());
    ~MessageNetwork() noexcept(false);

    //! For the threads that execute the peer's requests. Any thread that keeps it.
    std::shared_ptr<const BackPressure> backPressure() const { return m_back_pressure; }

    //! Resolves when RpcSystem has done with the connection: the peer closed it, or it failed.
    kj::Promise<void> onDisconnect() { return m_disconnected.addBranch(); }

    //! Why nothing more is received, if it isn't that the peer closed the stream without saying why.
    const kj::Maybe<kj::Exception>& inputError() const { return m_peer_error == nullptr ? m_error : m_peer_error; }

    //! Who or what has ended it. Once onDisconnect() has resolved.
    kj::AsyncIoStream& stream() { return *m_stream; }
    const Disconnect& disconnect() const { return m_disconnect; }

    //! Receive nothing more, as if that error had occurred. The peer is told: RpcSystem does that, and closes.
    void end(DisconnectReason reason, kj::StringPtr why);

    //! Receive nothing more, as if the peer had closed the connection. It isn't told why; but the stream stays open until
    //! it has noticed, since closing one with unread input may take with it what was sent.
    void leave();

    //! Resolves when neither side waits for the answer to a call. One at a time.
    kj::Promise<void> answered();

    //! How long output may take to leave when the connection is closed, and the peer to notice it; 5 seconds unless set.
    void setLinger(kj::Duration linger) { m_linger = linger; }

    const Limits& limits() const { return m_limits; }
    //! For what comes from now on.
    void setLimits(const Limits& limits);
    const CallCounts& calls() const { return m_calls; }
    size_t receivedBytes() const { return m_reader.heldBytes(); }
    size_t queuedBytes() const { return m_output_bytes; }
    //! When the last message was sent or received. Kept while there is a limit of the time without.
    std::chrono::steady_clock::time_point lastMessage() const { return m_last_message; }

    //! Send what was written, as far as that goes without waiting, then tell the peer that nothing follows.
    //! @return false when output is left; finish() waits for it
    bool close();
    //! After close(): resolves when the rest is sent, or can't be, or has taken too long; and, after leave(), when the peer
    //! has closed its side.
    kj::Promise<void> finish();
    //! After close(): why the peer could not be told, if it is there.
    const kj::Maybe<kj::Exception>& closeError() const { return m_close_error; }

    //! The message that was begun last, unless it has been sent or taken. The network doesn't keep it any more: if it
    //! isn't sent, it goes with who builds it.
    kj::Own<OutgoingMessage> takeLatestMessage();

    // capnp::TwoPartyVatNetworkBase
    kj::Maybe<kj::Own<capnp::TwoPartyVatNetworkBase::Connection>>
    connect(capnp::rpc::twoparty::VatId::Reader host) override;
    kj::Promise<kj::Own<capnp::TwoPartyVatNetworkBase::Connection>> accept() override;

private:
    class Receiver;
    class Window;
    class ConnectionDisposer final : public kj::Disposer
    {
    public:
        mutable size_t refs{0};
        mutable kj::Own<kj::PromiseFulfiller<void>> released;

    protected:
        void disposeImpl(void* pointer) const override;
    };
    using Message = kj::Maybe<kj::Own<capnp::IncomingRpcMessage>>;

    //! Output in order: bytes, then the segments of a message too large to copy.
    struct Chunk
    {
        kj::Vector<kj::byte> bytes;
        kj::Own<OutgoingMessage> message;
    };

    kj::Own<capnp::TwoPartyVatNetworkBase::Connection> asConnection();

    // capnp::TwoPartyVatNetworkBase::Connection
    kj::Own<capnp::RpcFlowController> newStream() override;
    capnp::rpc::twoparty::VatId::Reader getPeerVatId() override;
    kj::Own<capnp::OutgoingRpcMessage> newOutgoingMessage(kj::uint first_segment_words) override;
    kj::Promise<Message> receiveIncomingMessage() override;
    kj::Promise<void> shutdown() override;

    // Reactor::Flushable
    void flush() override;

    // Reactor::Resumable
    void resume() override;

    // FdStream::Listener
    void readable() override;
    void writable() override;

    friend class OutgoingMessage;
    void enqueue(OutgoingMessage& message);
    void noteSent(const MessageHead& head, OutgoingMessage& message);
    //! Of either side, after m_calls.
    void noteMessage();
    void flushFd();
    void flushStream();
    kj::Promise<void> writeStream();
    void sent(size_t bytes);
    //! m_output_bytes has changed.
    void updateBackPressure();
    void writeFailed(kj::Exception error);
    void giveUpOutput(DisconnectReason reason, kj::Exception error);
    void dropOutput();
    //! Those who wait for it are told if it has.
    void checkFinished();
    size_t gather(iovec* pieces, size_t max) const;

    //! Whether the next message has to wait until others had their turn.
    bool mustPause();
    //! No messages while output waits for the peer. That is for one side only: if both stopped to read because the other
    //! one doesn't read, neither would go on.
    bool heldUp() const { return m_back_pressure->on() && m_side == capnp::rpc::twoparty::Side::SERVER; }
    //! Give RpcSystem a message, if it waits for one.
    void receive();
    Message takeMessage();
    void noteReceived(const MessageHead& head);
    void checkLimits();
    void setDisconnect(DisconnectReason reason, kj::StringPtr text);
    //! The peer says that it ends the connection.
    void takeAbort(capnp::rpc::Exception::Reader reason);
    //! Read until there is a message, or nothing more now.
    void readFd();
    //! @return bytes, or 0 when there is nothing now, or the input has ended
    size_t readOnce();
    //! Have the reader take what was read.
    template <typename Fn>
    void take(Fn&& fn);
    kj::Promise<void> readStream();
    //! Have it go on.
    void wantStream();
    void endOfStream();
    //! After leave().
    void dropInput();
    void dropped(size_t bytes);
    void inputEnded();
    bool deliver();
    void ended(DisconnectReason reason, kj::Maybe<kj::Exception> error);

    Reactor& m_reactor;
    kj::Own<kj::AsyncIoStream> m_stream;
    //! m_stream, where it can be used directly.
    FdStream* const m_fd_stream;
    kj::Own<Window> m_window;
    const capnp::rpc::twoparty::Side m_side;
    Limits m_limits;
    capnp::MallocMessageBuilder m_peer_vat_id;
    bool m_accepted{false};
    kj::Maybe<kj::Own<kj::PromiseFulfiller<kj::Own<capnp::TwoPartyVatNetworkBase::Connection>>>> m_never_accepted;

    FrameReader m_reader;
    Receiver* m_receiver{nullptr};
    //! Messages that RpcSystem got without having to wait.
    int m_in_a_row{0};
    //! resume() will be called, and there is no message until then.
    bool m_paused{false};
    //! This side has ended it, and waits for the peer to do so.
    bool m_left{false};
    size_t m_dropped_bytes{0};
    //! No more input: the end of the stream, or why.
    bool m_ended{false};
    kj::Maybe<kj::Exception> m_error;
    //! Why the peer has ended the connection, if it has done so by end().
    kj::Maybe<kj::Exception> m_peer_error;
    Disconnect m_disconnect;
    //! It says so already, before this side has noticed the end.
    bool m_disconnect_known{false};
    CallCounts m_calls;
    //! Of answered(), while that is waited for.
    kj::Own<kj::PromiseFulfiller<void>> m_answered;
    std::chrono::steady_clock::time_point m_last_message{std::chrono::steady_clock::now()};

    kj::Own<OutgoingMessage> m_latest;
    std::deque<Chunk> m_output;
    size_t m_output_bytes{0};
    const std::shared_ptr<BackPressure> m_back_pressure{std::make_shared<BackPressure>()};
    //! Bytes of the first chunk that are sent already.
    size_t m_output_sent{0};
    bool m_flush_pending{false};
    bool m_write_failed{false};
    bool m_shut_when_sent{false};
    kj::Maybe<kj::Exception> m_close_error;
    kj::Own<kj::PromiseFulfiller<void>> m_all_sent;
    kj::Duration m_linger{5 * kj::SECONDS};

    ConnectionDisposer m_disposer;
    kj::ForkedPromise<void> m_disconnected;

    // For a stream that is no FdStream. Last: the promises refer to the rest.
    kj::Maybe<kj::Own<kj::PromiseFulfiller<void>>> m_wanted;
    bool m_stream_writes{false};
    kj::Promise<void> m_stream_write{nullptr};
    kj::Promise<void> m_stream_read{nullptr};
};

} // namespace mp

#endif // MP_RPC_MESSAGE_NETWORK_H
