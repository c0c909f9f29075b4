#ifndef MP_PROCESS_H
#define MP_PROCESS_H

#include <chrono>
#include <kj/async.h>
#include <mp/c/process.h>
#include <optional>
#include <string>
#include <utility>

namespace mp {

class EventLoop;

//! How a child ended, to follow its name in a sentence: "exited with code 3", "was killed by signal 11 (core dumped)".
std::string Describe(const mp_exit& exit);

//! A child, or none. Keeps a reference to an mp_process: dropping the last one detaches the child, which the library
//! reaps then; or kills it, with MP_SPAWN_KILL_ON_UNREF. Const methods are for any thread, several at once; of an object
//! without a child they throw std::system_error (EINVAL).
class Process
{
public:
    Process() = default;
    //! Takes over the caller's reference.
    explicit Process(mp_process* process) : m_process(process) {}
    Process(Process&& other) noexcept : m_process(other.release()) {}
    Process& operator=(Process&& other) noexcept
    {
        // In this order: also of an object to itself.
        mp_process* const process = other.release();
        mp_process_unref(std::exchange(m_process, process));
        return *this;
    }
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;
    ~Process() { mp_process_unref(m_process); }

    explicit operator bool() const { return m_process != nullptr; }

    //! The child's, also after it ended.
    int pid() const;

    //! Wait until the child has ended. After the end every call returns the same answer at once.
    //! @throws std::system_error (ECHILD) when it was released with mp_process_release
    mp_exit wait() const;
    //! The same for a limited time.
    //! @return nothing if the child still runs. Zero only looks, as do times below
    std::optional<mp_exit> wait(std::chrono::milliseconds timeout) const;

    //! Send a signal to the child, and never to another process that has its number by now.
    //! @return false if it has ended, and that was seen
    //! @throws std::system_error
    bool kill(int signal) const;
    //! The same to its process group, for children started with MP_SPAWN_OWN_GROUP or MP_SPAWN_OWN_SESSION.
    //! @return false if nobody is left, or nobody that could safely be told
    bool killGroup(int signal) const;

    //! End the child: SIGTERM, then SIGKILL if it still runs after the grace period. Waits for its end.
    //! @throws std::system_error
    mp_exit terminate(std::chrono::milliseconds grace) const;

    //! Fulfilled when the child has ended; cancelling it stops the watch. The promise keeps a reference to the child, and
    //! takes a descriptor while the child runs; it doesn't keep the loop from returning, but must be gone before the
    //! loop is. On the loop thread.
    //! @throws std::logic_error on another thread, kj::Exception when descriptors run out
    kj::Promise<mp_exit> onExit(EventLoop& loop) const;

    //! See mp_process_exit_fd; valid as long as a reference is held.
    mp_handle exitFd() const { return mp_process_exit_fd(m_process); }

    //! For the functions of <mp/c/process.h>; still this object's, or null.
    mp_process* get() const { return m_process; }
    //! Give the reference to the caller; there is no child then.
    mp_process* release() { return std::exchange(m_process, nullptr); }

private:
    mp_process* m_process{nullptr};
};

} // namespace mp

#endif // MP_PROCESS_H
