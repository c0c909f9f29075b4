// A counter in a child process.

#include "counter.capnp.h"
#include "counter.capnp.proxy-types.h"

#include <future>
#include <mp/proxy-types.h>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

namespace {

void Log(mp::LogMessage message)
{
    if (message.level == mp::Log::Raise) throw std::runtime_error(message.message);
}

class CounterImpl : public Counter
{
public:
    int64_t add(int n) override
    {
        m_numbers.push_back(n);
        return m_sum += n;
    }
    void each(std::function<bool(int)> fn) override
    {
        for (int n : m_numbers) {
            if (!fn(n)) return;
        }
    }

private:
    std::vector<int> m_numbers;
    int64_t m_sum{0};
};

int Child(const char* connect_info)
{
    const mp::SocketId socket = mp::StartSpawned(connect_info);
    CounterImpl counter;
    mp::EventLoop loop("counter-child", Log);
    mp::ServeStream<messages::Counter>(loop, mp::MakeStream(loop, socket), counter);
    loop.loop();
    return 0;
}

bool Parent(const std::string& program)
{
    std::promise<mp::EventLoop*> started;
    std::thread thread([&] {
        mp::EventLoop loop("counter", Log);
        started.set_value(&loop);
        loop.loop();
    });
    // The loop runs as long as there is one.
    std::optional<mp::EventLoopRef> loop(*started.get_future().get());
    const auto [pid, socket] = mp::SpawnProcess([&](const mp::SpawnConnectInfo& connect_info) {
        return std::vector<std::string>{program, connect_info};
    });
    auto counter = mp::ConnectStream<messages::Counter>(**loop, mp::MakeStream(**loop, socket));
    bool good = true;
    for (int n = 1; n <= 100; ++n) good = good && counter->add(n) == n * (n + 1) / 2;
    int sum = 0;
    counter->each([&](int n) {
        sum += n;
        return n < 50;
    });
    good = good && sum == 50 * 51 / 2;
    counter.reset();
    loop.reset();
    thread.join();
    return mp::WaitProcess(pid) == 0 && good;
}

} // namespace

int main(int argc, char** argv)
{
    if (argc == 2) return Child(argv[1]);
    return Parent(argv[0]) ? 0 : 1;
}
