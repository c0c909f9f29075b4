// What a measured client process can do over its connection: one implementation for each kind of client.
#ifndef BENCH_CLIENT_H
#define BENCH_CLIENT_H

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

namespace bench {

//! After which the operation "late" gives its call up, and how long "sleep" takes.
constexpr std::chrono::milliseconds DEADLINE{2};

//! Makes one call and returns when its result is there.
using Call = std::function<void()>;

class Client
{
public:
    virtual ~Client() = default;

    //! What the named operation does once, with a payload of `size` bytes where it has one, made here and reused.
    //! The result belongs to the calling thread. Throws std::invalid_argument when there is no such operation.
    virtual Call prepare(const std::string& op, size_t size) = 0;

    //! The same with several calls on their way at a time, for clients whose one thread can: each Call makes one more
    //! call and returns when the oldest has its result. The first ones, until so many are on their way, don't wait.
    virtual Call prepareInFlight(const std::string& op, size_t size, unsigned in_flight);
    //! Returns when none is on its way any more.
    virtual void finishInFlight() {}

    //! Idles until a moment on the monotonic clock, in the way an application of this kind would.
    virtual void pauseUntil(uint64_t ns);
};

[[noreturn]] inline void ThrowUnknown(const std::string& op)
{
    throw std::invalid_argument("this client has no operation '" + op + "'");
}

} // namespace bench

#endif // BENCH_CLIENT_H
