// Calls without end over a connection of their own, in the background.
#ifndef BENCH_FLOOD_H
#define BENCH_FLOOD_H

#include "client.h"

#include <atomic>
#include <capnp/capability.h>
#include <functional>
#include <kj/async.h>
#include <string>
#include <thread>

namespace bench {

//! One thread of plain Cap'n Proto, which has hundreds of calls on their way until this is destroyed.
class Flood
{
public:
    //! Begins a call, on the flood's thread.
    using Send = std::function<kj::Promise<void>(capnp::Capability::Client& bootstrap)>;

    //! Returns when the first call has ended. Owns the descriptor.
    Flood(int fd, Send send);
    ~Flood();
    Flood(const Flood&) = delete;
    Flood& operator=(const Flood&) = delete;

    //! Throws std::runtime_error when a call has failed, after which there are no more.
    void check() const;

private:
    enum class State { starting, flowing, failed };

    void run(int fd, const Send& send);

    std::string m_error; //!< set before the state is
    std::atomic<State> m_state{State::starting};
    std::atomic<bool> m_end{false};
    std::thread m_thread;
};

//! The call, while the flood goes on: from now until the last copy of what is returned is gone.
Call BesideFlood(int fd, Flood::Send send, Call call);

} // namespace bench

#endif // BENCH_FLOOD_H
