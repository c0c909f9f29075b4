#include "mp-client.h"

#include "fd.h"
#include "flood.h"
#include "listener.h"
#include "mp-loop.h"

#include "mp.capnp.proxy.h"

#include <mp/call-errors.h>
#include <mp/call-scope.h>

#include <atomic>
#include <future>
#include <numeric>
#include <thread>
#include <vector>

namespace bench {
namespace {

constexpr size_t NUMBERS{64};

void Expect(int32_t sum)
{
    if (sum != 42) throw std::runtime_error("the sum is wrong");
}

class LocalAdder final : public Adder
{
    int32_t add(int32_t a, int32_t b) override { return a + b; }
};

//! A thread that has made one call on a worker and then does nothing, until it is destroyed.
class IdleThread
{
public:
    explicit IdleThread(Service& service)
    {
        std::promise<void> called;
        std::future<void> done = called.get_future();
        m_thread = std::thread{[this, &service, called = std::move(called)]() mutable {
            try {
                Expect(service.addOnWorker(20, 22));
                called.set_value();
            } catch (...) {
                called.set_exception(std::current_exception());
            }
            m_end.wait(false);
        }};
        try {
            done.get();
        } catch (...) {
            end();
            throw;
        }
    }
    ~IdleThread()
    {
        if (m_thread.joinable()) end();
    }
    IdleThread(const IdleThread&) = delete;
    IdleThread& operator=(const IdleThread&) = delete;

private:
    void end()
    {
        m_end = true;
        m_end.notify_all();
        m_thread.join();
    }

    std::atomic<bool> m_end{false};
    std::thread m_thread;
};

class MpClient final : public Client
{
public:
    //! `address` is that of the listener for further connections, or null.
    MpClient(int fd, std::unique_ptr<ListenerAddress> address) : m_address{std::move(address)} { connect(fd); }

    void crowd(size_t connections)
    {
        while (m_services.size() < connections) Expect(connect(m_address->connect()).addOnLoop(20, 22));
    }

    Call prepare(const std::string& op, size_t size) override
    {
        Service& service = *m_services[m_services.size() / 2];
        if (op == "loop") return [&service] { Expect(service.addOnLoop(20, 22)); };
        if (op == "worker") return [&service] { Expect(service.addOnWorker(20, 22)); };
        if (op == "nested") {
            auto adder = std::make_shared<LocalAdder>();
            return [&service, adder] { Expect(service.addByCallback(*adder, 20, 22)); };
        }
        if (op == "struct") return prepareRecord(service);
        if (op == "late") return prepareLate(service);
        if (op == "loop-flooded" && m_address) return flooded(prepare("loop", size));
        if (op == "worker-flooded" && m_address) return flooded(prepare("worker", size));
        if (op == "echo") return prepareEcho(service, size);
        if (op == "thread") {
            return [this, &service] { m_idle_threads.push_back(std::make_unique<IdleThread>(service)); };
        }
        if (op == "connection" && m_address) {
            // A call on a worker would add the memory of its thread.
            return [this] { Expect(connect(m_address->connect()).addOnLoop(20, 22)); };
        }
        ThrowUnknown(op);
    }

private:
    static Call prepareRecord(Service& service)
    {
        auto record = std::make_shared<Record>();
        record->text = "The quick brown fox jumps over the lazy dog.";
        record->numbers.resize(NUMBERS);
        std::iota(record->numbers.begin(), record->numbers.end(), 0);
        return [&service, record] {
            *record = service.echoRecord(std::move(*record));
            if (record->numbers.size() != NUMBERS) throw std::runtime_error("the record differs");
        };
    }

    static Call prepareLate(Service& service)
    {
        return [&service] {
            try {
                const mp::DeadlineScope scope{DEADLINE};
                service.waitCancelled();
            } catch (const mp::TimeoutError&) {
                return;
            }
            throw std::runtime_error("the call wasn't late");
        };
    }

    static Call prepareEcho(Service& service, size_t size)
    {
        auto bytes = std::make_shared<Bytes>(size, 'x');
        return [&service, bytes, size] {
            *bytes = service.echoBytes(std::move(*bytes));
            if (bytes->size() != size) throw std::runtime_error("the echo differs");
        };
    }

    //! The call while another connection floods the server's loop.
    Call flooded(const Call& call) const
    {
        const auto send = [](capnp::Capability::Client& bootstrap) {
            auto request = bootstrap.castAs<messages::Service>().addOnLoopRequest();
            request.setA(20);
            request.setB(22);
            return request.send().ignoreResult();
        };
        return BesideFlood(m_address->connect(), send, call);
    }

    Service& connect(int fd)
    {
        m_services.push_back(mp::ConnectStream<messages::Service>(*m_loop, mp::MakeStream(*m_loop, fd)));
        return *m_services.back();
    }

    // Destroyed from the last to the first: threads before what they call, and that before the loop.
    LoopThread m_loop;
    std::unique_ptr<ListenerAddress> m_address;
    std::vector<std::unique_ptr<Service>> m_services;
    std::vector<std::unique_ptr<IdleThread>> m_idle_threads;
};

} // namespace

std::unique_ptr<Client> ConnectMp(int fd) { return std::make_unique<MpClient>(fd, nullptr); }

std::unique_ptr<Client> ConnectMpListener(int fd)
{
    auto address = std::make_unique<ListenerAddress>(fd);
    const int first = address->connect();
    return std::make_unique<MpClient>(first, std::move(address));
}

std::unique_ptr<Client> ConnectMpCrowd(int fd)
{
    AllowCrowd();
    auto address = std::make_unique<ListenerAddress>(fd);
    const int first = address->connect();
    auto client = std::make_unique<MpClient>(first, std::move(address));
    client->crowd(CROWD);
    return client;
}

} // namespace bench
