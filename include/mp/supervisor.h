#ifndef MP_SUPERVISOR_H
#define MP_SUPERVISOR_H

#include <chrono>
#include <cstddef>
#include <functional>
#include <kj/function.h>
#include <memory>
#include <mp/spawn-client.h>
#include <optional>
#include <string>
#include <thread>

namespace mp {

//! After which ends a child is started again.
enum class Restart {
    Never,
    OnFailure, //!< all but an exit with code 0; also if it could not be started, or didn't answer
    Always
};

//! How long to wait before a child is started again: longer each time, and not for ever.
struct Backoff
{
    std::chrono::milliseconds initial{100};
    //! By which the next delay is longer; at least 1.
    double factor{2};
    std::chrono::milliseconds max{30000};
    //! If the child ran this long, the next delay is the initial one.
    std::chrono::milliseconds reset_after{10000};
    //! Give up instead of starting it again more often than this within the window.
    std::optional<size_t> max_restarts{};
    std::chrono::milliseconds window{60000};
};

//! How a child ended, or why there was none, and what comes next.
struct ChildEnd
{
    //! Unset if it could not be started.
    std::optional<mp_exit> exit{};
    //! For people: "'worker' exited with code 3".
    std::string reason{};
    //! The delay after which it is started again; unset if it isn't.
    std::optional<std::chrono::milliseconds> restart{};
    //! It isn't because it was too often.
    bool gave_up{false};
};

struct SupervisorOptions
{
    SpawnOptions spawn{};
    Restart restart{Restart::OnFailure};
    Backoff backoff{};
    //! Between SIGTERM and SIGKILL when the supervisor is destroyed.
    std::chrono::milliseconds grace{5000};
    //! Called once after each start, whether on_start was called or not.
    std::function<void(const ChildEnd& end)> on_exit{};
};

namespace detail {
//! What of a Supervisor doesn't depend on its type.
class SupervisorThread
{
public:
    //! Makes a client, and returns what hands it over.
    using Announce = kj::Function<void(const Process&)>;
    using Make = std::function<Announce(Stream stream, FunctionRef<void(Connection&)> connected)>;

    SupervisorThread(EventLoop& loop, SupervisorOptions options, Make make);
    SupervisorThread(const SupervisorThread&) = delete;
    SupervisorThread& operator=(const SupervisorThread&) = delete;
    ~SupervisorThread();

    void stop(std::chrono::milliseconds grace);

private:
    class State;
    const std::shared_ptr<State> m_state;
    std::thread m_thread;
};
} // namespace detail

//! Keeps a child running: starts it, connects to it, and starts another one when it ends, after a delay.
//!
//! Callbacks are called on the supervisor's thread, one after another, perhaps before the constructor has returned. They
//! may call clients, and stop or destroy the supervisor. What they throw is logged. They should return: the end of a
//! child is noticed when on_start has. Starts and ends are logged, too: a failure as Warning, giving up as Error, the rest
//! as Info. The loop doesn't return while there is a Supervisor.
template <typename InitInterface>
class Supervisor
{
public:
    using Client = ProxyClient<InitInterface>;
    //! Called with a new client after each start: it is the callee's, and so is the one before, whose calls fail as after
    //! any disconnect. When it is destroyed the connection is closed, which ends most children.
    //! @param process  for the time of the call
    using OnStart = std::function<void(std::unique_ptr<Client> client, const Process& process)>;

    //! Starts the child, on a thread: this doesn't wait for it. Any thread.
    //! @throws std::system_error when there are too many threads, std::invalid_argument for a back-off that makes no sense
    Supervisor(EventLoop& loop, SupervisorOptions options, OnStart on_start)
        : m_thread(loop, std::move(options),
                   [&loop, on_start = std::move(on_start)](
                       Stream stream, FunctionRef<void(Connection&)> connected) -> detail::SupervisorThread::Announce {
                       return [&on_start, client = detail::MakeClient<InitInterface>(loop, kj::mv(stream), connected)](
                                  const Process& process) mutable { on_start(std::move(client), process); };
                   })
    {
    }

    //! Stops. In a callback, and on the loop thread, it doesn't wait: that is left to a cleanup thread of the loop, and
    //! callbacks may still be called until the loop has returned; but the child isn't started again.
    ~Supervisor() = default;

    //! End the child, if there is one: SIGTERM, and SIGKILL after the grace period. It isn't started again. Waits until
    //! the last callback has returned; in a callback it only says so, and the child is ended when that has returned. Any
    //! thread, also several at once, and while a callback destroys the supervisor: the child gets one SIGTERM, and the
    //! shortest grace period counts. Later calls find nothing to do.
    //! @throws std::logic_error on the loop thread, which it would wait for
    void stop(std::chrono::milliseconds grace) { m_thread.stop(grace); }

private:
    detail::SupervisorThread m_thread;
};

} // namespace mp

#endif // MP_SUPERVISOR_H
