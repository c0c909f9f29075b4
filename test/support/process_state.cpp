#include <support/process_state.h>

#include <chrono>
#include <thread>

namespace mp::test {

namespace {

//! The state, once this accepts it, or after a deadline.
template <typename Accepts>
ProcessState NowOnce(const Accepts& accepts)
{
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    for (;;) {
        ProcessState now = ProcessState::Now();
        if (accepts(now) || std::chrono::steady_clock::now() > deadline) return now;
        // Without a pause, who is waited for may not get to run.
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

} // namespace

ProcessState ProcessState::NowSettled() const
{
    return NowOnce([this](const ProcessState& now) { return now == *this; });
}

void WaitForThreads(int most)
{
    NowOnce([most](const ProcessState& now) { return now.threads <= most; });
}

std::ostream& operator<<(std::ostream& out, const ProcessState& state)
{
    out << "descriptors:";
    for (const auto& [fd, target] : state.descriptors) out << " " << fd << "=" << target;
    out << "; children:";
    for (const int pid : state.children) out << " " << pid;
    out << "; blocked:";
    for (const int number : state.blocked) out << " " << number;
    out << "; handled:";
    for (const int number : state.handled) out << " " << number;
    return out << "; threads: " << state.threads;
}

} // namespace mp::test
