// The test program: every test must leave the process as it found it, and print nothing to standard error.
#include <csignal>
#include <cstdio>
#include <gtest/gtest.h>
#include <kj/async-io.h>
#include <string>
#include <support/process_state.h>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#include <sanitizer/common_interface_defs.h>
#endif

namespace {

int g_stderr = -1;  //!< the real one
int g_capture = -1; //!< stands in for it during a test

//! Show what was captured when the process dies in a test.
void ShowCaptured(int number)
{
    char buffer[4096];
    off_t offset = 0;
    ssize_t n;
    while ((n = pread(g_capture, buffer, sizeof(buffer), offset)) > 0) {
        offset += n;
        if (write(g_stderr, buffer, static_cast<size_t>(n)) < 0) break;
    }
    signal(number, SIG_DFL);
    raise(number);
}

std::string TakeCaptured()
{
    std::fflush(stderr);
    std::string text;
    char buffer[4096];
    ssize_t n;
    while ((n = pread(g_capture, buffer, sizeof(buffer), static_cast<off_t>(text.size()))) > 0) {
        text.append(buffer, static_cast<size_t>(n));
    }
    // Standard error shares the file's position.
    if (ftruncate(g_capture, 0) != 0 || lseek(g_capture, 0, SEEK_SET) != 0) std::perror("capture");
    return text;
}

class TraceListener : public testing::EmptyTestEventListener
{
    void OnTestStart(const testing::TestInfo&) override
    {
        m_before = mp::test::ProcessState::Now();
        dup2(g_capture, STDERR_FILENO);
    }

    void OnTestEnd(const testing::TestInfo& info) override
    {
        dup2(g_stderr, STDERR_FILENO);
        const std::string printed = TakeCaptured();
        if (!printed.empty()) {
            ADD_FAILURE() << info.test_suite_name() << "." << info.name() << " printed:\n" << printed;
        }
        const auto after = m_before.NowSettled();
        if (after == m_before) return;
        ADD_FAILURE() << info.test_suite_name() << "." << info.name() << " left a trace\nbefore: " << m_before
                      << "\nafter:  " << after;
    }

    mp::test::ProcessState m_before;
};

} // namespace

int main(int argc, char** argv)
{
    g_stderr = dup(STDERR_FILENO);
    g_capture = memfd_create("stderr", MFD_CLOEXEC);
    signal(SIGABRT, ShowCaptured);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    // A sanitizer's report must not be lost with the process.
    __sanitizer_set_report_fd(reinterpret_cast<void*>(static_cast<intptr_t>(g_stderr)));
#endif
    // KJ's own loop, which some tests use, changes signal dispositions once and for all.
    const auto before = mp::test::ProcessState::Now();
    std::thread([] { kj::setupAsyncIo(); }).join();
    mp::test::WaitForThreads(before.threads);
    testing::InitGoogleTest(&argc, argv);
    testing::UnitTest::GetInstance()->listeners().Append(new TraceListener); // owned by the list
    return RUN_ALL_TESTS();
}
