#ifndef MP_RPC_DRAIN_H
#define MP_RPC_DRAIN_H

#include <future>
#include <kj/async.h>
#include <mp/connection.h>

namespace mp {

//! A connection that takes no new calls, until it has ended. Owning the loop.
struct Connection::Drain
{
    //! When it ends at the latest.
    std::optional<std::chrono::steady_clock::time_point> deadline;
    //! Whether all calls were answered.
    std::promise<bool> answered;
    const std::shared_future<bool> ended{answered.get_future()};
    bool told{false};
    kj::Promise<void> task{nullptr};
};

} // namespace mp

#endif // MP_RPC_DRAIN_H
