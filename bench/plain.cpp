#include "plain.h"

#include "clock.h"
#include "fd.h"
#include "flood.h"
#include "listener.h"
#include "schema.capnp.h"

#include <capnp/rpc-twoparty.h>
#include <deque>
#include <kj/async-io.h>
#include <vector>

namespace bench {
namespace {

using Sum = capnp::RemotePromise<schema::Plain::AddResults>;

constexpr auto TAKE = kj::LowLevelAsyncIoProvider::TAKE_OWNERSHIP;

class PlainServer final : public schema::Plain::Server
{
    kj::Promise<void> add(AddContext context) override
    {
        const auto params = context.getParams();
        context.getResults().setResult(params.getA() + params.getB());
        return kj::READY_NOW;
    }

    kj::Promise<void> echo(EchoContext context) override
    {
        context.getResults().setResult(context.getParams().getData());
        return kj::READY_NOW;
    }
};

struct Connection {
    Connection(kj::AsyncIoContext& io, int fd)
        : stream{io.lowLevelProvider->wrapSocketFd(fd, TAKE)}, rpc{*stream},
          plain{rpc.bootstrap().castAs<schema::Plain>()}
    {
    }

    kj::Own<kj::AsyncIoStream> stream;
    capnp::TwoPartyClient rpc;
    schema::Plain::Client plain;
};

class PlainClient final : public Client
{
public:
    //! `address` is that of the listener for further connections, or null.
    PlainClient(int fd, std::unique_ptr<ListenerAddress> address)
        : m_io{kj::setupAsyncIo()}, m_address{std::move(address)}
    {
        connect(fd);
    }

    ~PlainClient() noexcept override = default;

    Call prepare(const std::string& op, size_t size) override
    {
        if (op == "add") return [this] { add(*m_connections.front()); };
        if (op == "add-flooded" && m_address) return flooded(prepare("add", size));
        if (op == "echo") return [this, data = std::vector<kj::byte>(size, 'x')] { echo(data); };
        if (op == "connection" && m_address) return [this] { add(connect(m_address->connect())); };
        ThrowUnknown(op);
    }

    Call prepareInFlight(const std::string& op, size_t, unsigned in_flight) override
    {
        if (op != "add") ThrowUnknown(op);
        return [this, in_flight] {
            m_running.push_back(send(m_connections.front()->plain));
            if (m_running.size() < in_flight) return;
            expectOldest();
        };
    }

    void finishInFlight() override
    {
        while (!m_running.empty()) expectOldest();
    }

    void pauseUntil(uint64_t ns) override
    {
        const uint64_t now = NowNs();
        if (ns <= now) return;
        const kj::Duration pause = static_cast<int64_t>(ns - now) * kj::NANOSECONDS;
        m_io.provider->getTimer().afterDelay(pause).wait(m_io.waitScope);
    }

private:
    Connection& connect(int fd)
    {
        m_connections.push_back(std::make_unique<Connection>(m_io, fd));
        return *m_connections.back();
    }

    static Sum send(schema::Plain::Client& plain)
    {
        auto request = plain.addRequest();
        request.setA(20);
        request.setB(22);
        return request.send();
    }

    //! The call while another connection floods the server.
    Call flooded(const Call& call) const
    {
        const auto send_one = [](capnp::Capability::Client& bootstrap) {
            auto plain = bootstrap.castAs<schema::Plain>();
            return send(plain).ignoreResult();
        };
        return BesideFlood(m_address->connect(), send_one, call);
    }

    void expect(Sum& sum)
    {
        if (sum.wait(m_io.waitScope).getResult() != 42) throw std::runtime_error("the sum is wrong");
    }

    void expectOldest()
    {
        expect(m_running.front());
        m_running.pop_front();
    }

    void add(Connection& connection)
    {
        Sum sum = send(connection.plain);
        expect(sum);
    }

    void echo(const std::vector<kj::byte>& data)
    {
        auto request = m_connections.front()->plain.echoRequest();
        request.setData(kj::arrayPtr(data.data(), data.size()));
        if (request.send().wait(m_io.waitScope).getResult().size() != data.size()) {
            throw std::runtime_error("the echo differs");
        }
    }

    kj::AsyncIoContext m_io;
    std::unique_ptr<ListenerAddress> m_address;
    std::vector<std::unique_ptr<Connection>> m_connections;
    std::deque<Sum> m_running; //!< the oldest first
};

} // namespace

std::unique_ptr<Client> ConnectPlain(int fd) { return std::make_unique<PlainClient>(fd, nullptr); }

void ServePlain(int fd)
{
    kj::AsyncIoContext io = kj::setupAsyncIo();
    kj::Own<kj::AsyncIoStream> stream = io.lowLevelProvider->wrapSocketFd(fd, TAKE);
    capnp::TwoPartyServer server{kj::heap<PlainServer>()};
    server.accept(*stream).wait(io.waitScope);
}

std::unique_ptr<Client> ConnectPlainListener(int fd)
{
    auto address = std::make_unique<ListenerAddress>(fd);
    const int first = address->connect();
    return std::make_unique<PlainClient>(first, std::move(address));
}

void ServePlainListener(int fd)
{
    kj::AsyncIoContext io = kj::setupAsyncIo();
    kj::Own<kj::ConnectionReceiver> listener = io.lowLevelProvider->wrapListenSocketFd(fd, TAKE);
    capnp::TwoPartyServer server{kj::heap<PlainServer>()};
    kj::Own<kj::AsyncIoStream> first = listener->accept().wait(io.waitScope);
    const kj::Promise<void> others = server.listen(*listener).eagerlyEvaluate(nullptr);
    server.accept(*first).wait(io.waitScope);
}

} // namespace bench
