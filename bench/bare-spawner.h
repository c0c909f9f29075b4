// Starting a process by the system's own means: what spawning with the library is compared with.
#ifndef BENCH_BARE_SPAWNER_H
#define BENCH_BARE_SPAWNER_H

#include "client.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace bench {

//! The argument with which this program ends at once.
constexpr std::string_view ROLE_NOTHING{"--nothing"};
//! A program that does nothing and has little to load, so that starting it costs most.
constexpr const char* SMALLEST_PROGRAM{"/bin/true"};

//! Memory in small pages that the process really uses, as a large application would.
class Ballast
{
public:
    explicit Ballast(size_t size);
    ~Ballast();
    Ballast(const Ballast&) = delete;
    Ballast& operator=(const Ballast&) = delete;

private:
    size_t m_size;
    void* m_memory{nullptr};
};

//! A client that starts this program, or the smallest, and waits for its end.
class BareSpawner : public Client
{
public:
    explicit BareSpawner(size_t ballast) : m_ballast{ballast} {}

    Call prepare(const std::string& op, size_t size) override;

private:
    Ballast m_ballast;
};

} // namespace bench

#endif // BENCH_BARE_SPAWNER_H
