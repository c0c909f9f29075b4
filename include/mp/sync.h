#ifndef MP_SYNC_H
#define MP_SYNC_H

#include <cassert>
#include <mutex>
#include <utility>

// Clang's thread safety analysis; nothing on other compilers.
#if defined(__clang__)
#define MP_TSA(x) __attribute__((x))
#else
#define MP_TSA(x)
#endif
#define MP_CAPABILITY(x) MP_TSA(capability(x))
#define MP_SCOPED_CAPABILITY MP_TSA(scoped_lockable)
#define MP_REQUIRES(x) MP_TSA(requires_capability(x))
#define MP_ACQUIRE(...) MP_TSA(acquire_capability(__VA_ARGS__))
#define MP_RELEASE(...) MP_TSA(release_capability(__VA_ARGS__))
#define MP_ASSERT_CAPABILITY(x) MP_TSA(assert_capability(x))
#define MP_GUARDED_BY(x) MP_TSA(guarded_by(x))
#define MP_NO_TSA MP_TSA(no_thread_safety_analysis)

namespace mp {

//! std::mutex that the analysis knows.
class MP_CAPABILITY("mutex") Mutex
{
public:
    void lock() MP_ACQUIRE() { m_mutex.lock(); }
    void unlock() MP_RELEASE() { m_mutex.unlock(); }

    std::mutex m_mutex;
};

//! Holds a Mutex from construction to destruction, except between unlock() and lock().
class MP_SCOPED_CAPABILITY Lock
{
public:
    explicit Lock(Mutex& m) MP_ACQUIRE(m) : m_lock(m.m_mutex) {}
    ~Lock() MP_RELEASE() = default;
    void unlock() MP_RELEASE() { m_lock.unlock(); }
    void lock() MP_ACQUIRE() { m_lock.lock(); }
    void assert_locked([[maybe_unused]] Mutex& mutex) MP_ASSERT_CAPABILITY(mutex)
    {
        assert(m_lock.mutex() == &mutex.m_mutex);
        assert(m_lock);
    }

    std::unique_lock<std::mutex> m_lock;
};

//! Call with the lock released; taken again also when the callback throws.
template <typename Lock, typename Callback>
void Unlock(Lock& lock, Callback&& callback) MP_NO_TSA
{
    struct Relock
    {
        Lock& lock;
        ~Relock() MP_NO_TSA { lock.lock(); }
    };
    lock.unlock();
    Relock relock{lock};
    std::forward<Callback>(callback)();
}

} // namespace mp

#endif // MP_SYNC_H
