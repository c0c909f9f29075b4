#include "flood.h"

#include <capnp/rpc-twoparty.h>
#include <deque>
#include <kj/async-io.h>
#include <stdexcept>

namespace bench {
namespace {

//! Calls on their way: more than a server reads at once, and fewer than fill a socket's buffer.
constexpr size_t DEPTH{256};

} // namespace

Flood::Flood(int fd, Send send)
{
    m_thread = std::thread{[this, fd, send = std::move(send)] {
        try {
            run(fd, send);
            return;
        } catch (const kj::Exception& e) {
            m_error = e.getDescription().cStr();
        } catch (const std::exception& e) {
            m_error = e.what();
        }
        m_state = State::failed;
        m_state.notify_one();
    }};
    m_state.wait(State::starting);
    try {
        check();
    } catch (...) {
        m_thread.join();
        throw;
    }
}

Flood::~Flood()
{
    m_end = true;
    m_thread.join();
}

void Flood::check() const
{
    if (m_state == State::failed) throw std::runtime_error("the flood failed: " + m_error);
}

void Flood::run(int fd, const Send& send)
{
    kj::AsyncIoContext io = kj::setupAsyncIo();
    kj::Own<kj::AsyncIoStream> stream =
        io.lowLevelProvider->wrapSocketFd(fd, kj::LowLevelAsyncIoProvider::TAKE_OWNERSHIP);
    capnp::TwoPartyClient rpc{*stream};
    capnp::Capability::Client bootstrap = rpc.bootstrap();
    std::deque<kj::Promise<void>> running;
    while (!m_end) {
        while (running.size() < DEPTH) running.push_back(send(bootstrap));
        running.front().wait(io.waitScope);
        running.pop_front();
        if (m_state == State::starting) {
            m_state = State::flowing;
            m_state.notify_one();
        }
    }
}

Call BesideFlood(int fd, Flood::Send send, Call call)
{
    const auto flood = std::make_shared<Flood>(fd, std::move(send));
    return [flood, call = std::move(call)] {
        flood->check();
        call();
    };
}

} // namespace bench
