#include "measure.h"

#include "clock.h"

#include <algorithm>
#include <barrier>
#include <exception>
#include <stdexcept>
#include <thread>
#include <unistd.h>
#include <vector>

namespace bench {
namespace {

constexpr uint64_t WARM_UP_NS{20'000'000};

struct Span {
    uint64_t begin;
    uint64_t end;
};

//! What both processes have used so far.
struct Usage {
    uint64_t cpu_ns;
    uint64_t allocations;

    static Usage Now(const SharedArea& area)
    {
        Usage now{CpuNs(getpid()), 0};
        if (area.server_pid) now.cpu_ns += CpuNs(area.server_pid);
        for (const SharedArea::Counter& counter : area.allocations) now.allocations += counter.value;
        return now;
    }
};

Call Prepare(Client& client, const Command& command)
{
    if (command.in_flight > 1) return client.prepareInFlight(command.op, command.size, command.in_flight);
    return client.prepare(command.op, command.size);
}

void WarmUp(const Call& call, uint64_t count)
{
    const uint64_t until = NowNs() + WARM_UP_NS;
    for (uint64_t i = 0; i < count; ++i) {
        call();
        if (NowNs() > until) break;
    }
}

Span Repeat(const Call& call, uint64_t count, uint64_t* samples)
{
    const uint64_t begin = NowNs();
    uint64_t before = begin;
    for (uint64_t i = 0; i < count; ++i) {
        call();
        const uint64_t after = NowNs();
        samples[i] = after - before;
        before = after;
    }
    return {begin, before};
}

Span RepeatPaced(Client& client, const Call& call, const Command& command, uint64_t* samples)
{
    const uint64_t begin = NowNs();
    for (uint64_t i = 0; i < command.count; ++i) {
        client.pauseUntil(begin + (i + 1) * command.pace_ns);
        const uint64_t before = NowNs();
        call();
        samples[i] = NowNs() - before;
    }
    return {begin, NowNs()};
}

//! Runs a step of a thread; the first failure is kept for the thread that asked, and later steps are skipped.
template <typename Step>
void Attempt(std::exception_ptr& error, Step&& step)
{
    if (error) return;
    try {
        step();
    } catch (...) {
        error = std::current_exception();
    }
}

//! All threads start together, and none ends before the last has made its calls.
Span RepeatInThreads(Client& client, const Command& command, SharedArea& area, Usage& ret_before, Usage& ret_after)
{
    const unsigned count = command.threads;
    const uint64_t share = command.count / count;
    std::vector<Span> spans(count);
    std::vector<std::exception_ptr> errors(count);
    std::barrier ready{count + 1}, start{count + 1}, done{count + 1}, end{count + 1};
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < count; ++i) {
        threads.emplace_back([&, i] {
            Call call;
            Attempt(errors[i], [&] {
                call = Prepare(client, command);
                WarmUp(call, command.warm_up);
            });
            ready.arrive_and_wait();
            start.arrive_and_wait();
            Attempt(errors[i], [&] { spans[i] = Repeat(call, share, area.samples + i * share); });
            done.arrive_and_wait();
            end.arrive_and_wait();
        });
    }
    ready.arrive_and_wait();
    ret_before = Usage::Now(area);
    start.arrive_and_wait();
    done.arrive_and_wait();
    ret_after = Usage::Now(area);
    end.arrive_and_wait();
    for (std::thread& thread : threads) thread.join();
    for (const std::exception_ptr& error : errors) {
        if (error) std::rethrow_exception(error);
    }
    Span all = spans[0];
    for (const Span& span : spans) all = {std::min(all.begin, span.begin), std::max(all.end, span.end)};
    return all;
}

} // namespace

Reply Measure(Client& client, const Command& command, SharedArea& area)
{
    if (command.threads == 0 || command.count > SharedArea::MAX_SAMPLES) {
        throw std::invalid_argument("a command that can't be measured");
    }
    Usage before{}, after{};
    Span span{};
    if (command.threads > 1) {
        span = RepeatInThreads(client, command, area, before, after);
    } else {
        const Call call = Prepare(client, command);
        WarmUp(call, command.warm_up);
        before = Usage::Now(area);
        span = command.pace_ns ? RepeatPaced(client, call, command, area.samples)
                               : Repeat(call, command.count, area.samples);
        after = Usage::Now(area);
        client.finishInFlight();
    }
    Reply reply{};
    reply.count = command.count / command.threads * command.threads;
    reply.elapsed_ns = span.end - span.begin;
    reply.cpu_ns = after.cpu_ns - before.cpu_ns;
    reply.allocations = after.allocations - before.allocations;
    return reply;
}

} // namespace bench
