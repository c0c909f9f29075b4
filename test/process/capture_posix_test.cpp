#include <fstream>
#include <unistd.h>

#include <gtest/gtest.h>

#include <support/capture.h>
#include <support/spawn.h>

namespace mp::test {
namespace {

size_t MemoryKib()
{
    std::ifstream file("/proc/self/statm");
    size_t size = 0, resident = 0;
    file >> size >> resident;
    return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE)) / 1024;
}

TEST(CaptureOutput, OfManyChildrenLosesNothingInBoundedMemory)
{
    // 50 children, two streams of 11,500 lines of 87 to 91 bytes: 100 MB.
    for (const bool slow : {false, true}) {
        Flood flood(slow);
        [[maybe_unused]] const size_t before = MemoryKib();
        flood.Run(50, 11'500);
#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
        EXPECT_LE(MemoryKib(), before + 4 * 1024);
#endif
    }
}

} // namespace
} // namespace mp::test
