#include "message-network.h"

#include "fault.h"

#include <capnp/rpc.capnp.h>
#include <cerrno>
#include <kj/debug.h>
#include <sys/socket.h>
#include <utility>

namespace mp {

namespace {
//! Messages below are copied into the output buffer; sending larger ones from where they are costs less.
constexpr size_t MAX_COPIED_BYTES = 16 << 10;
//! Buffer space that an idle connection keeps.
constexpr size_t MAX_KEPT_BYTES = 4 << 10;
constexpr size_t MAX_PIECES = 64;
//! So many messages of one connection are served before others get their turn. With half as many, 16 threads make 8 %
//! fewer calls; with more, others wait longer than a call takes.
constexpr int MAX_IN_A_ROW = 16;
//! How the reasons begin that this library gives its peers when it ends a connection.
constexpr kj::StringPtr ENDED = "IPC connection ended: "_kj;
//! Most that is read from a peer that takes nothing any more; above what kernels buffer.
constexpr size_t MAX_LAST_BYTES = 64 << 20;

//! Whether somebody may wait for it. Nobody waits for what says that something isn't needed any more.
bool IsUrgent(const MessageHead& message)
{
    return message.which != capnp::rpc::Message::FINISH && message.which != capnp::rpc::Message::RELEASE;
}

kj::Exception Disconnected(kj::StringPtr why)
{
    return kj::Exception(kj::Exception::Type::DISCONNECTED, __FILE__, __LINE__, kj::heapString(why));
}

kj::Exception Ended(kj::StringPtr why)
{
    return kj::Exception(kj::Exception::Type::FAILED, __FILE__, __LINE__, kj::str(ENDED, why));
}
} // namespace

//! RpcSystem's wait for the next message.
class MessageNetwork::Receiver
{
public:
    Receiver(kj::PromiseFulfiller<Message>& fulfiller, MessageNetwork& network)
        : m_fulfiller(fulfiller), m_network(network)
    {
        network.m_receiver = this;
    }
    ~Receiver()
    {
        if (m_network.m_receiver == this) m_network.m_receiver = nullptr;
    }
    KJ_DISALLOW_COPY(Receiver);

    kj::PromiseFulfiller<Message>& m_fulfiller;

private:
    MessageNetwork& m_network;
};

//! How much a streaming call may have in flight: what the kernel is ready to buffer. Outlives the network where an
//! application keeps the capability that it streams to.
class MessageNetwork::Window final : public kj::Refcounted, public capnp::RpcFlowController::WindowGetter
{
public:
    explicit Window(kj::AsyncIoStream& stream) : m_stream(&stream) {}

    void close() { m_stream = nullptr; }

    size_t getWindow() override
    {
        int size = 0;
        kj::uint length = sizeof(size);
        if (m_stream != nullptr) {
            kj::runCatchingExceptions([&] { m_stream->getsockopt(SOL_SOCKET, SO_SNDBUF, &size, &length); });
        }
        return size > 0 ? static_cast<size_t>(size) : capnp::RpcFlowController::DEFAULT_WINDOW_SIZE;
    }

private:
    kj::AsyncIoStream* m_stream;
};

void MessageNetwork::ConnectionDisposer::disposeImpl(void*) const
{
    if (--refs == 0) released->fulfill();
}

MessageNetwork::MessageNetwork(Reactor& reactor, kj::Own<kj::AsyncIoStream> stream, capnp::rpc::twoparty::Side side,
                               const Limits& limits)
    : m_reactor(reactor), m_stream(kj::mv(stream)), m_fd_stream(dynamic_cast<FdStream*>(m_stream.get())),
      m_window(kj::refcounted<Window>(*m_stream)), m_side(side), m_limits(limits), m_peer_vat_id(4), m_reader(limits),
      m_disconnected([this] {
          auto paf = kj::newPromiseAndFulfiller<void>();
          m_disposer.released = kj::mv(paf.fulfiller);
          return paf.promise.fork();
      }())
{
    m_peer_vat_id.initRoot<capnp::rpc::twoparty::VatId>().setSide(side == capnp::rpc::twoparty::Side::CLIENT
                                                                      ? capnp::rpc::twoparty::Side::SERVER
                                                                      : capnp::rpc::twoparty::Side::CLIENT);
    if (m_fd_stream) {
        m_fd_stream->setListener(this);
    } else {
        m_stream_read = readStream().eagerlyEvaluate(nullptr);
    }
}

MessageNetwork::~MessageNetwork() noexcept(false)
{
    m_window->close();
    m_back_pressure->set(false);
    if (m_fd_stream) m_fd_stream->setListener(nullptr);
    if (m_flush_pending) m_reactor.removeFlush(*this);
    if (m_paused) m_reactor.removeResumable(*this);
}

kj::Own<capnp::TwoPartyVatNetworkBase::Connection> MessageNetwork::asConnection()
{
    ++m_disposer.refs;
    return kj::Own<capnp::TwoPartyVatNetworkBase::Connection>(this, m_disposer);
}

kj::Maybe<kj::Own<capnp::TwoPartyVatNetworkBase::Connection>>
MessageNetwork::connect(capnp::rpc::twoparty::VatId::Reader host)
{
    if (host.getSide() == m_side) return nullptr;
    return asConnection();
}

kj::Promise<kj::Own<capnp::TwoPartyVatNetworkBase::Connection>> MessageNetwork::accept()
{
    if (m_side == capnp::rpc::twoparty::Side::SERVER && !m_accepted) {
        m_accepted = true;
        return asConnection();
    }
    // There is one connection only.
    auto paf = kj::newPromiseAndFulfiller<kj::Own<capnp::TwoPartyVatNetworkBase::Connection>>();
    m_never_accepted = kj::mv(paf.fulfiller);
    return kj::mv(paf.promise);
}

capnp::rpc::twoparty::VatId::Reader MessageNetwork::getPeerVatId()
{
    return m_peer_vat_id.getRoot<capnp::rpc::twoparty::VatId>();
}

kj::Own<capnp::RpcFlowController> MessageNetwork::newStream()
{
    return capnp::RpcFlowController::newVariableWindowController(*m_window).attach(kj::addRef(*m_window));
}

// Output

kj::Own<capnp::OutgoingRpcMessage> MessageNetwork::newOutgoingMessage(kj::uint first_segment_words)
{
    m_latest = kj::refcounted<OutgoingMessage>(*this, first_segment_words);
    return kj::addRef(*m_latest);
}

kj::Own<OutgoingMessage> MessageNetwork::takeLatestMessage() { return kj::mv(m_latest); }

void MessageNetwork::enqueue(OutgoingMessage& message)
{
    if (m_latest.get() == &message) m_latest = nullptr;
    if (m_write_failed || m_shut_when_sent) return;
    const auto segments = message.segments();
    size_t words = 0;
    for (const auto& segment : segments) words += segment.size();
    const size_t max_words = m_limits.max_message_bytes / sizeof(capnp::word);
    KJ_REQUIRE(words <= max_words, "message is too large to send: the peer would refuse it", words, max_words);
    const auto peeked = PeekHead(segments[0]);
    const MessageHead head = peeked ? *peeked : ReadHead(message.getBody().getAs<capnp::rpc::Message>());
    noteSent(head, message);

    const bool copied = words * sizeof(capnp::word) <= MAX_COPIED_BYTES;
    if (m_output.empty() || m_output.back().message.get() != nullptr) m_output.emplace_back();
    auto& bytes = m_output.back().bytes;
    const size_t before = bytes.size();
    auto add32 = [&](size_t value) {
        for (int shift = 0; shift < 32; shift += 8) bytes.add(static_cast<kj::byte>(value >> shift));
    };
    add32(segments.size() - 1);
    for (const auto& segment : segments) add32(segment.size());
    if (segments.size() % 2 == 0) add32(0);
    if (copied) {
        for (const auto& segment : segments) bytes.addAll(segment.asBytes());
    } else {
        m_output_bytes += words * sizeof(capnp::word);
        m_output.back().message = kj::addRef(message);
    }
    m_output_bytes += bytes.size() - before;

    if (m_output_bytes > m_limits.max_queued_bytes) {
        auto error = Disconnected(kj::str("peer does not read: ", m_output_bytes, " bytes are waiting for it"));
        giveUpOutput(DisconnectReason::Limit, kj::mv(error));
        return;
    }
    updateBackPressure();
    if (!m_flush_pending) {
        m_flush_pending = true;
        m_reactor.needsFlush(*this);
    }
    if (IsUrgent(head) || m_output_bytes > MAX_KEPT_BYTES) m_reactor.urgeFlush();
}

void MessageNetwork::noteSent(const MessageHead& head, OutgoingMessage& message)
{
    m_calls.sent(head);
    noteMessage();
    if (head.which != capnp::rpc::Message::ABORT || m_ended) return;
    // RpcSystem has found an error.
    const auto abort = message.getBody().getAs<capnp::rpc::Message>().asReader().getAbort();
    setDisconnect(DisconnectReason::ProtocolError, abort.getReason());
}

void MessageNetwork::setDisconnect(DisconnectReason reason, kj::StringPtr text)
{
    if (std::exchange(m_disconnect_known, true)) return;
    m_disconnect = {reason, text.cStr()};
}

kj::Promise<void> MessageNetwork::answered()
{
    if (m_calls.answered()) return kj::READY_NOW;
    auto paf = kj::newPromiseAndFulfiller<void>();
    m_answered = kj::mv(paf.fulfiller);
    return kj::mv(paf.promise);
}

void MessageNetwork::noteMessage()
{
    if (m_limits.idle_time.count() > 0) m_last_message = std::chrono::steady_clock::now();
    if (m_answered.get() == nullptr || !m_calls.answered()) return;
    m_answered->fulfill();
    m_answered = nullptr;
}

void MessageNetwork::setLimits(const Limits& limits)
{
    m_limits = limits;
    m_reader.setLimits(limits);
    updateBackPressure();
}

size_t MessageNetwork::gather(iovec* pieces, size_t max) const
{
    size_t count = 0;
    size_t skip = m_output_sent;
    auto add = [&](const kj::byte* data, size_t size) {
        if (skip >= size) {
            skip -= size;
        } else if (count < max) {
            pieces[count++] = {const_cast<kj::byte*>(data) + skip, size - skip};
            skip = 0;
        }
    };
    for (const Chunk& chunk : m_output) {
        if (count == max) break;
        add(chunk.bytes.begin(), chunk.bytes.size());
        if (chunk.message.get() == nullptr) continue;
        const_cast<OutgoingMessage&>(*chunk.message).eachPiece(add);
    }
    return count;
}

void MessageNetwork::sent(size_t bytes)
{
    m_output_bytes -= bytes;
    m_output_sent += bytes;
    updateBackPressure();
    while (!m_output.empty()) {
        Chunk& chunk = m_output.front();
        size_t size = chunk.bytes.size();
        if (chunk.message.get() != nullptr) size += chunk.message->sizeInWords() * sizeof(capnp::word);
        if (m_output_sent < size) return;
        m_output_sent -= size;
        if (m_output.size() == 1 && chunk.message.get() == nullptr && chunk.bytes.capacity() <= MAX_KEPT_BYTES) {
            chunk.bytes.clear();
            break;
        }
        m_output.pop_front();
    }
    if (m_output_bytes > 0) return;
    if (m_shut_when_sent) {
        KJ_IF_MAYBE (error, kj::runCatchingExceptions([&] { m_stream->shutdownWrite(); })) {
            // The peer may be gone already, and then need not be told; some streams can't.
            const auto type = error->getType();
            if (type != kj::Exception::Type::DISCONNECTED && type != kj::Exception::Type::UNIMPLEMENTED) {
                m_close_error = kj::mv(*error);
            }
        }
    }
    checkFinished();
}

void MessageNetwork::checkFinished()
{
    if (m_all_sent.get() == nullptr || m_output_bytes > 0 || m_left) return;
    m_all_sent->fulfill();
    m_all_sent = nullptr;
}

void MessageNetwork::updateBackPressure()
{
    const bool on = m_output_bytes > m_limits.max_waiting_bytes && !m_shut_when_sent;
    if (on == m_back_pressure->on()) return;
    m_back_pressure->set(on);
    if (!on) receive();
}

void MessageNetwork::flush()
{
    m_flush_pending = false;
    if (m_write_failed) return;
    if (m_fd_stream) {
        flushFd();
    } else {
        flushStream();
    }
}

void MessageNetwork::flushFd()
{
    while (m_output_bytes > 0) {
        iovec pieces[MAX_PIECES];
        const size_t count = gather(pieces, MAX_PIECES);
        const ssize_t n = m_fd_stream->writeNow(pieces, static_cast<int>(count));
        if (n == -EAGAIN) return; // writable() goes on
        if (n < 0) {
            writeFailed(Disconnected(kj::str("write: ", strerror(static_cast<int>(-n)))));
            return;
        }
        sent(static_cast<size_t>(n));
    }
}

void MessageNetwork::writable()
{
    if (m_flush_pending) {
        // What didn't fit may be urgent.
        m_reactor.urgeFlush();
    } else if (m_output_bytes > 0) {
        flushFd();
    }
}

void MessageNetwork::flushStream()
{
    if (m_output_bytes == 0 || m_stream_writes) return;
    m_stream_writes = true;
    m_stream_write = writeStream().eagerlyEvaluate(nullptr);
}

kj::Promise<void> MessageNetwork::writeStream()
{
    iovec pieces[MAX_PIECES];
    const size_t count = gather(pieces, MAX_PIECES);
    // Copied: what is enqueued while the write goes on may move the bytes.
    kj::Vector<kj::byte> bytes;
    for (size_t i = 0; i < count; ++i) {
        bytes.addAll(kj::arrayPtr(static_cast<const kj::byte*>(pieces[i].iov_base), pieces[i].iov_len));
    }
    auto array = bytes.releaseAsArray();
    const size_t size = array.size();
    auto promise = m_stream->write(array.begin(), size);
    return promise.attach(kj::mv(array))
        .then(
            [this, size]() -> kj::Promise<void> {
                if (!m_write_failed) sent(size);
                if (m_output_bytes > 0) return writeStream();
                m_stream_writes = false;
                return kj::READY_NOW;
            },
            [this](kj::Exception&& error) -> kj::Promise<void> {
                m_stream_writes = false;
                writeFailed(kj::mv(error));
                return kj::READY_NOW;
            });
}

void MessageNetwork::giveUpOutput(DisconnectReason reason, kj::Exception error)
{
    dropOutput();
    ended(reason, kj::mv(error));
}

void MessageNetwork::writeFailed(kj::Exception error)
{
    dropOutput();
    // What the peer sent before it went is still good; after that, nobody will answer.
    if (m_fd_stream && !MP_FAULT(DropsLastWords)) {
        size_t bytes = 0;
        while (!m_ended && bytes < MAX_LAST_BYTES) {
            const size_t n = readOnce();
            if (n == 0) break;
            bytes += n;
        }
    }
    ended(DisconnectReason::Reset, kj::mv(error));
}

void MessageNetwork::dropOutput()
{
    m_write_failed = true;
    m_output.clear();
    m_output_bytes = 0;
    m_output_sent = 0;
    m_left = false;
    updateBackPressure();
    checkFinished();
}

kj::Promise<void> MessageNetwork::shutdown()
{
    close();
    return finish();
}

bool MessageNetwork::close()
{
    if (MP_FAULT(ClosesWithoutSending)) return true;
    if (m_shut_when_sent) return m_output_bytes == 0;
    m_shut_when_sent = true;
    updateBackPressure();
    if (m_flush_pending) m_reactor.removeFlush(*this);
    flush();
    if (m_output_bytes == 0) sent(0);
    return m_output_bytes == 0;
}

kj::Promise<void> MessageNetwork::finish()
{
    if (m_left && m_fd_stream) dropInput();
    if (m_output_bytes == 0 && !m_left) return kj::READY_NOW;
    auto paf = kj::newPromiseAndFulfiller<void>();
    m_all_sent = kj::mv(paf.fulfiller);
    return paf.promise.exclusiveJoin(m_reactor.port().timer().afterDelay(m_linger).then([this] { dropOutput(); }));
}

// Input

kj::Promise<MessageNetwork::Message> MessageNetwork::receiveIncomingMessage()
{
    if (!heldUp() && !mustPause()) {
        if (m_fd_stream) readFd();
        if (m_reader.hasMessage()) return takeMessage();
        if (m_ended) {
            KJ_IF_MAYBE (error, m_error) {
                return kj::cp(*error);
            }
            return Message(nullptr);
        }
    }
    // A stream that is no FdStream may have the next message at once: RpcSystem has had to wait only if it paused.
    if (m_fd_stream || m_paused) m_in_a_row = 0;
    auto promise = kj::newAdaptedPromise<Message, Receiver>(*this);
    receive();
    return promise;
}

bool MessageNetwork::deliver()
{
    if (m_receiver == nullptr) return false;
    Receiver& receiver = *m_receiver;
    if (m_reader.hasMessage()) {
        m_receiver = nullptr;
        receiver.m_fulfiller.fulfill(takeMessage());
    } else if (m_ended) {
        m_receiver = nullptr;
        KJ_IF_MAYBE (error, m_error) {
            receiver.m_fulfiller.reject(kj::cp(*error));
        } else {
            receiver.m_fulfiller.fulfill(Message(nullptr));
        }
    } else {
        return false;
    }
    return true;
}

void MessageNetwork::end(DisconnectReason reason, kj::StringPtr why)
{
    m_reader.drop();
    ended(reason, Ended(why));
}

void MessageNetwork::leave()
{
    m_left = !m_ended;
    m_reader.drop();
    ended(DisconnectReason::Local, nullptr);
    wantStream();
}

void MessageNetwork::dropInput()
{
    auto scratch = m_reactor.scratch();
    while (m_left) {
        iovec space{scratch.begin(), scratch.size()};
        const ssize_t n = m_fd_stream->readNow(&space, 1);
        if (n == -EAGAIN) return; // readable() goes on
        if (n > 0) {
            dropped(static_cast<size_t>(n));
        } else {
            inputEnded();
        }
    }
}

void MessageNetwork::dropped(size_t bytes)
{
    m_dropped_bytes += bytes;
    if (m_dropped_bytes > MAX_LAST_BYTES) inputEnded();
}

void MessageNetwork::inputEnded()
{
    m_left = false;
    checkFinished();
}

void MessageNetwork::ended(DisconnectReason reason, kj::Maybe<kj::Exception> error)
{
    if (m_ended) return;
    m_ended = true;
    kj::StringPtr text;
    KJ_IF_MAYBE (e, error) {
        text = e->getDescription();
    }
    setDisconnect(reason, text.startsWith(ENDED) ? text.slice(ENDED.size()) : text);
    m_error = kj::mv(error);
    deliver();
}

MessageNetwork::Message MessageNetwork::takeMessage()
{
    ++m_in_a_row;
    const auto peeked = PeekHead(m_reader.firstSegment());
    auto message = m_reader.takeMessage();
    if (peeked && peeked->which != capnp::rpc::Message::ABORT) {
        noteReceived(*peeked);
    } else {
        // RpcSystem meets what is wrong in it, too, and says so.
        kj::runCatchingExceptions([&] {
            const auto body = message->getBody().getAs<capnp::rpc::Message>();
            noteReceived(ReadHead(body));
            if (body.isAbort()) takeAbort(body.getAbort());
        });
    }
    checkLimits();
    return Message(kj::mv(message));
}

void MessageNetwork::noteReceived(const MessageHead& head)
{
    m_calls.received(head);
    noteMessage();
}

void MessageNetwork::checkLimits()
{
    if (m_ended) return;
    if (m_calls.peers().size() > m_limits.max_calls) {
        end(DisconnectReason::Limit,
            kj::str("too many calls at once, or answers not finished with: at most ", m_limits.max_calls, " are allowed"));
    } else if (m_reader.heldBytes() > m_limits.max_received_bytes) {
        end(DisconnectReason::Limit, kj::str("too much sent in calls that aren't finished: at most ",
                                             m_limits.max_received_bytes, " bytes are allowed"));
    }
}

void MessageNetwork::takeAbort(capnp::rpc::Exception::Reader exception)
{
    const kj::StringPtr reason = exception.getReason();
    auto text = kj::str("remote exception: ", reason);
    // That is what an RpcSystem says that is destroyed, or disconnected.
    const bool closed = exception.getType() == capnp::rpc::Exception::Type::DISCONNECTED;
    // These may be its last words, taken when its end is known already.
    const DisconnectReason known = m_disconnect.reason;
    if (known == DisconnectReason::PeerClosed || known == DisconnectReason::Reset) m_disconnect_known = false;
    setDisconnect(DisconnectReason::PeerClosed, closed ? kj::StringPtr() : text);
    if (!reason.startsWith(ENDED)) return;
    m_peer_error = kj::Exception(kj::Exception::Type::FAILED, "(remote)", 0, kj::mv(text));
}

bool MessageNetwork::mustPause()
{
    const bool more = m_reader.hasMessage() || m_fd_stream == nullptr || m_fd_stream->mayRead();
    if (m_in_a_row < MAX_IN_A_ROW || !more) return false;
    // It pauses already if messages were delivered meanwhile, because the connection broke.
    if (!m_paused) m_reactor.resumeLater(*this);
    m_paused = true;
    return true;
}

void MessageNetwork::resume()
{
    m_paused = false;
    receive();
}

void MessageNetwork::readable()
{
    if (m_left) {
        dropInput();
    } else {
        receive();
    }
}

void MessageNetwork::receive()
{
    // Read only when somebody waits for it: what the kernel holds is the peer's limit.
    if (m_receiver == nullptr || m_paused || heldUp()) return;
    if (m_fd_stream) {
        readFd();
    } else if (!m_reader.hasMessage()) {
        wantStream();
    }
    deliver();
}

void MessageNetwork::wantStream()
{
    KJ_IF_MAYBE (fulfiller, m_wanted) {
        (*fulfiller)->fulfill();
        m_wanted = nullptr;
    }
}

void MessageNetwork::readFd()
{
    while (!m_ended && !m_reader.hasMessage() && m_fd_stream->mayRead()) {
        if (readOnce() == 0) return;
    }
}

template <typename Fn>
void MessageNetwork::take(Fn&& fn)
{
    KJ_IF_MAYBE (error, kj::runCatchingExceptions(fn)) {
        ended(DisconnectReason::ProtocolError, Ended(error->getDescription()));
    }
}

size_t MessageNetwork::readOnce()
{
    const auto scratch = m_reactor.scratch();
    iovec pieces[2];
    const int count = m_reader.space(pieces, scratch);
    const ssize_t n = m_fd_stream->readNow(pieces, count);
    if (n == -EAGAIN) return 0;
    if (n < 0) {
        ended(DisconnectReason::Reset, Disconnected(kj::str("read: ", strerror(static_cast<int>(-n)))));
        return 0;
    }
    if (n == 0) {
        endOfStream();
        return 0;
    }
    take([&] { m_reader.received(static_cast<size_t>(n), scratch); });
    return static_cast<size_t>(n);
}

kj::Promise<void> MessageNetwork::readStream()
{
    if (!m_left && (m_receiver == nullptr || m_reader.hasMessage() || m_paused || heldUp())) {
        auto paf = kj::newPromiseAndFulfiller<void>();
        m_wanted = kj::mv(paf.fulfiller);
        return paf.promise.then([this] { return readStream(); });
    }
    // A buffer of its own: the loop's scratch space doesn't last across turns.
    constexpr size_t BUFFER = 16 << 10;
    auto buffer = kj::heapArray<kj::byte>(BUFFER);
    auto promise = m_stream->tryRead(buffer.begin(), 1, BUFFER);
    return promise
        .then(
            [this, buffer = kj::mv(buffer)](size_t n) {
                if (n == 0) {
                    endOfStream();
                    inputEnded();
                } else if (m_left) {
                    dropped(n);
                } else {
                    take([&] { m_reader.feed(buffer.slice(0, n)); });
                    deliver();
                }
            })
        .then(
            [this]() -> kj::Promise<void> {
                return m_ended && !m_left ? kj::Promise<void>(kj::READY_NOW) : readStream();
            },
            [this](kj::Exception&& error) -> kj::Promise<void> {
                ended(DisconnectReason::Reset, kj::mv(error));
                inputEnded();
                return kj::READY_NOW;
            });
}

void MessageNetwork::endOfStream()
{
    if (m_reader.betweenMessages()) {
        ended(DisconnectReason::PeerClosed, nullptr);
    } else {
        ended(DisconnectReason::Reset, Disconnected("the stream ended inside a message"));
    }
}

} // namespace mp
