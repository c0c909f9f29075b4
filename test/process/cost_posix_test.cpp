#include <algorithm>
#include <cstring>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <support/process_state.h>
#include <support/spawn.h>

namespace mp::test {
namespace {

constexpr size_t LARGE = size_t{1} << 30;

class Ballast
{
public:
    Ballast() : m_memory(mmap(nullptr, LARGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
    {
        // Small pages: many page tables, as a heap has.
        if (m_memory == MAP_FAILED) return;
        madvise(m_memory, LARGE, MADV_NOHUGEPAGE);
        std::memset(m_memory, 1, LARGE);
    }
    ~Ballast()
    {
        if (ok()) munmap(m_memory, LARGE);
    }
    bool ok() const { return m_memory != MAP_FAILED; }

private:
    void* m_memory;
};

double Median(std::vector<double> values)
{
    std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
    return values[values.size() / 2];
}

// Of this process and the children it has waited for. Unlike time, it doesn't grow with what other programs do.
double CpuMicroseconds()
{
    double sum = 0;
    for (const int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
        rusage usage;
        getrusage(who, &usage);
        for (const timeval& time : {usage.ru_utime, usage.ru_stime}) sum += time.tv_sec * 1e6 + time.tv_usec;
    }
    return sum;
}

template <typename Run>
double Cost(int rounds, Run run)
{
    std::vector<double> costs;
    for (int i = 0; i < rounds; ++i) {
        const double begin = CpuMicroseconds();
        run();
        costs.push_back(CpuMicroseconds() - begin);
    }
    return Median(costs);
}

double SpawnCost()
{
    return Cost(60, [] {
        Process process;
        Command command({"/bin/true"});
        EXPECT_EQ(command.Spawn(process), 0);
        Wait(process.get());
    });
}

double NaiveCost()
{
    return Cost(10, [] {
        const pid_t pid = fork();
        if (pid == 0) _exit(0);
        WaitPid(pid, nullptr, 0);
    });
}

TEST(Cost, IsIndependentOfTheParentsMemory)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "the sanitizer's memory is larger than the ballast";
#endif
    double best = 1e9, small = 0, large = 0, naive_small = 0, naive_large = 0;
    for (int attempt = 0; attempt < 5 && best > 1.5; ++attempt) { // caches are disturbed all the same
        small = SpawnCost();
        naive_small = NaiveCost();
        const Ballast ballast;
        if (!ballast.ok()) GTEST_SKIP() << "no memory for the ballast";
        large = SpawnCost();
        naive_large = NaiveCost();
        best = std::min(best, large / small);
    }
    RecordProperty("small_us", std::to_string(small));
    RecordProperty("large_us", std::to_string(large));
    EXPECT_LE(best, 1.5) << small << " us small, " << large << " us with 1 GiB";
    // The bound means something: the naive way is far beyond it.
    EXPECT_GT(naive_large / naive_small, 3) << naive_small << " us small, " << naive_large << " us with 1 GiB";
}

TEST(Cost, IsIndependentOfTheDescriptorLimit)
{
    rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    rlimit huge{1000000, 1000000};
    if (setrlimit(RLIMIT_NOFILE, &huge) < 0) huge = {limit.rlim_max, limit.rlim_max};
    if (huge.rlim_cur < 10000) GTEST_SKIP() << "may not raise the descriptor limit to 10000";
    double best = 1e9, small = 0, large = 0;
    for (int attempt = 0; attempt < 5 && best > 1.5; ++attempt) {
        const rlimit low{64, huge.rlim_max};
        ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
        small = SpawnCost();
        ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &huge), 0);
        large = SpawnCost();
        setrlimit(RLIMIT_NOFILE, &limit);
        best = std::min(best, large / small);
    }
    EXPECT_LE(best, 1.5) << small << " us at a limit of 64, " << large << " us at " << huge.rlim_cur;
}

} // namespace
} // namespace mp::test
