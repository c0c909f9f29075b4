#ifndef MP_RPC_REACTOR_H
#define MP_RPC_REACTOR_H

#include "fair-mutex.h"
#include "leadership.h"
#include "port.h"
#include "sleep-word.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <kj/async.h>
#include <kj/exception.h>
#include <kj/function.h>
#include <mp/function-ref.h>
#include <mp/log.h>
#include <mp/thread-context.h>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace mp {

//! Whether this thread owns a loop, or is inside a KJ loop of its own.
bool InKjLoop();

//! Who uses a KJ event loop, and who sleeps on its events. See doc/design.md, "Who drives the loop".
//!
//! Any thread can own the loop, one at a time; the owner runs what was posted and KJ's events before it gives the loop
//! up, so that a loop which nobody owns has nothing to do. Events of the kernel are waited for without owning it, by one
//! thread at a time, which Leadership chooses.
class Reactor final : private Port::Idle
{
public:
    //! Output to send when the owner has nothing else to do.
    class Flushable
    {
    public:
        virtual void flush() = 0;

    protected:
        ~Flushable() = default;
    };

    //! Has had its turn, and goes on when others had theirs.
    class Resumable
    {
    public:
        virtual void resume() = 0;

    protected:
        ~Resumable() = default;
    };

    //! The constructing thread owns the loop, until run().
    Reactor();
    ~Reactor() = default;
    Reactor(const Reactor&) = delete;
    Reactor& operator=(const Reactor&) = delete;

    //! End the loop: cancel what KJ runs in the background. On the owner's thread; only the memory is left then, for
    //! threads that are still inside dropRef().
    void close();

    //! Where KJ's own messages go, and uncaught exceptions; set before other threads use the loop.
    void setLog(const LogOptions& options, const char* exe_name)
    {
        m_log_opts = &options;
        m_exe_name = exe_name;
    }
    //! Called with the owner's id whenever the owner changes.
    void setOwnerSlot(std::thread::id* slot);

    bool owned() const { return m_owner.load(std::memory_order_relaxed) == std::this_thread::get_id(); }

    //! What KJ does on this thread while this lives: its own messages go to the log function; and failures that it can go
    //! on after are thrown, also when the thread is in a destructor that an exception runs, where KJ would only log them.
    //! On the stack only.
    class KjScope final : public kj::ExceptionCallback
    {
    public:
        explicit KjScope(const Reactor& reactor) : m_reactor(reactor) {}
        void onRecoverableException(kj::Exception&& exception) override;
        void logMessage(kj::LogSeverity severity, const char* file, int line, int context_depth,
                        kj::String&& text) override;

    private:
        const Reactor& m_reactor;
        const int m_uncaught{std::uncaught_exceptions()};
    };

    //! Own the loop, waiting until it is free. Not owning it.
    //! @return false if this thread can't: it is inside a KJ loop of its own
    bool enter();
    void leave() { leave(MAX_ROUNDS); }
    //! KJ isn't in the middle of an event or of a wait, which need the loop. Runs the events that KJ has, to find out.
    //! Owning the loop.
    bool mayLeave();

    enum class Try { Ran, Busy, Cannot };
    //! Run fn owning the loop, if that is free, and this thread can own it. What fn throws is logged.
    Try tryCall(FunctionRef<void()> fn);
    //! Have fn run owning the loop, on this thread or another one, now or soon. What it throws is logged.
    void post(kj::Function<void()> fn);

    //! Wake a thread, in a burst of calls not before the loop is given up: it would only wait for that, and for this
    //! processor. Owning the loop.
    void wakeLater(const SleepWord& word);
    //! Wake those that were put off. Owning the loop, before something that may take long.
    void wakeNow() { m_wake_ups.perform(); }

    //! Run fn owning the loop: on this thread, unless it can't own it. Throws what fn throws.
    //! @return whether it ran on this thread
    bool call(FunctionRef<void()> fn);

    //! Have output sent before the owner gives the loop up. If none of it is urgent, and calls follow each other quickly,
    //! it may be held for MAX_HELD, and is sent with what is written next. Owning the loop.
    void needsFlush(Flushable& flushable);
    void urgeFlush() { m_flush_urgent = true; }
    void removeFlush(Flushable& flushable);

    //! Have resumable go on once those that are ready by then had their turn, perhaps on another thread. Owning the loop.
    void resumeLater(Resumable& resumable) { m_resumables.push_back(&resumable); }
    void removeResumable(Resumable& resumable) { std::erase(m_resumables, &resumable); }

    //! Wait until pred, which is called with the waiter's mutex held, says so. Runs the functions that the waiter is
    //! given meanwhile, and serves the loop's events if no other thread does. Not owning the loop.
    //! @param may_lead  false for threads that can't own the loop
    //! @param deadline  null: for ever. Once it has passed no further function is run.
    //! @return whether pred says so, and not the deadline has passed
    bool wait(Waiter& waiter, Lock& lock, bool may_lead, FunctionRef<bool()> pred,
              const Port::Clock::time_point* deadline = nullptr) MP_REQUIRES(waiter.m_mutex);

    //! Serve events until the references are gone. On the constructing thread, which owns the loop again afterwards.
    void run();
    void addRef() { m_refs.fetch_add(1, std::memory_order_relaxed); }
    //! May end run(): the caller keeps the Reactor's memory, but nothing else may be touched after it.
    void dropRef();

    //! Interrupt the sleep of the waiter that leads. Holding its mutex, while it says that it leads.
    void kickLeader() { m_port.kick(); }

    //! Space for what is needed within one turn only. Owning the loop.
    kj::ArrayPtr<kj::byte> scratch() { return m_scratch; }

    Port& port() { return m_port; }
    kj::WaitScope& waitScope() { return *m_scope; }

private:
    static constexpr int MAX_ROUNDS = 64;
    //! Of a thread that has come with something to do.
    static constexpr int CALL_ROUNDS = 1;
    //! Output is held no longer, however long a burst is.
    static constexpr std::chrono::milliseconds MAX_HELD{5};

    // Port::Idle
    bool serve() override;
    void sleep(Port::Events& events) override;
    void nudged() noexcept override { m_leadership.call(); }

    bool acquired();
    bool beginScope();
    void endScope();
    void leave(int rounds);
    //! Run what KJ has, and what was posted.
    //! @param rounds  batches of others' work still to do in this turn: one thread doesn't work for them for ever
    void drive(int& rounds);
    //! Run KJ's events until there are none left.
    void runKj();
    void stopLeading();
    void wakeOwner() MP_REQUIRES(m_post_mutex);
    //! Leave work to the owner: to this thread, now, if nobody owns the loop. Doesn't wait for the work.
    //! @param put  adds the work to m_events or m_tasks
    //! @param rounds  batches of posted work that this thread does if it finds the loop free
    template <typename Put>
    void leaveToOwner(const Put& put, int rounds);
    //! Run one batch of what was posted.
    //! @param with_tasks  false while KJ waits: they may own the loop only when it doesn't
    //! @return whether there was anything
    bool runPosted(bool with_tasks);
    //! Serve those that are ready, and then those that let them go first.
    //! @return whether there was anything
    bool resume();
    //! Hold output, if the loop's own thread will see to it.
    bool hold();
    bool flush();
    //! Do what was put off, when the calls don't go on. On the loop's own thread.
    void catchUp();
    //! Run fn and log what it throws: the loop's owner is anybody, and has nothing to do with it.
    void guard(FunctionRef<void()> fn) noexcept;
    void log(Log level, const char* what, const std::string& text) const noexcept;

    //! @return false if this thread can't own the loop; another one serves the events then
    bool serveEvents(const Port::Events& events);

    Port m_port;
    kj::EventLoop m_kj_loop;
    //! Rebuilt in the same place by each owner.
    std::optional<kj::WaitScope> m_scope;
    const LogOptions* m_log_opts{nullptr};
    const char* m_exe_name{""};

    //! Held by the owner, from enter() to leave(): more than the analysis of locks can follow.
    FairMutex m_mutex;
    std::atomic<std::thread::id> m_owner;
    std::thread::id* m_owner_slot{nullptr};
    WakeUps m_wake_ups;
    std::vector<Flushable*> m_flush;
    bool m_flush_urgent{false};
    std::vector<Resumable*> m_resumables;
    //! Output is held. Changed owning the loop.
    std::atomic<bool> m_held{false};
    std::chrono::steady_clock::time_point m_held_since;
    kj::Array<kj::byte> m_scratch{kj::heapArray<kj::byte>(64 << 10)};

    Mutex m_post_mutex;
    //! Found by threads that didn't own the loop.
    std::vector<Port::Events> m_events MP_GUARDED_BY(m_post_mutex);
    //! Of threads that can't own the loop.
    std::vector<kj::Function<void()>> m_tasks MP_GUARDED_BY(m_post_mutex);
    //! One of them may have something.
    std::atomic<bool> m_posted{false};
    //! An owner that waits for a promise of KJ's sleeps on events, if it leads, else on m_owner_cv.
    std::condition_variable m_owner_cv;
    bool m_owner_leads MP_GUARDED_BY(m_post_mutex){false};
    bool m_owner_may_lead MP_GUARDED_BY(m_post_mutex){false};

    Leadership m_leadership;
    std::thread::id m_run_thread;
    std::atomic<int64_t> m_refs{0};
};

} // namespace mp

#endif // MP_RPC_REACTOR_H
