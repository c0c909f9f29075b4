#include <mp/util.h>

#include <gtest/gtest.h>
#include <pthread.h>
#include <regex>
#include <thread>
#include <unistd.h>

namespace mp::test {
namespace {

TEST(Escapes, OfLogsAreBackslashesAndHexDigits)
{
    EXPECT_EQ(LogEscape(kj::strTree("a\\b\n\x7f\xff"), 1000), R"(a\\b\0a\7f\ff)");
    EXPECT_EQ(LogEscape(kj::strTree(" ~\x1f\x80"), 1000), R"( ~\1f\80)");
    EXPECT_EQ(LogEscape(kj::strTree(""), 0), "");
}

TEST(Escapes, OfLogsEndOnceTheyAreTooLong)
{
    EXPECT_EQ(LogEscape(kj::strTree("abcdefghij"), 5), "abcdef...");
    EXPECT_EQ(LogEscape(kj::strTree("abcde"), 5), "abcde");
    EXPECT_EQ(LogEscape(kj::strTree("abcd\n"), 5), "abcd\\0a...");
    // In pieces.
    EXPECT_EQ(LogEscape(kj::strTree("abc", "def", "ghi"), 5), "abcdef...");
}

TEST(Escapes, OfCommandLinesAreThoseOfWindows)
{
    using Args = std::vector<std::string>;
    EXPECT_EQ(CommandLineFromArgv({}), "");
    EXPECT_EQ(CommandLineFromArgv(Args{""}), R"("")");
    EXPECT_EQ(CommandLineFromArgv(Args{"a", "", "b"}), R"(a "" b)");
    EXPECT_EQ(CommandLineFromArgv(Args{"has space"}), R"("has space")");
    EXPECT_EQ(CommandLineFromArgv(Args{R"(say "hi")"}), R"("say \"hi\"")");
    EXPECT_EQ(CommandLineFromArgv(Args{R"(C:\a\b)"}), R"(C:\a\b)");
    EXPECT_EQ(CommandLineFromArgv(Args{"trailing backslash\\"}), R"("trailing backslash\\")");
    EXPECT_EQ(CommandLineFromArgv(Args{R"(back\\"slash quote)"}), R"("back\\\\\"slash quote")");
}

TEST(ThreadNames, HaveProgramProcessAndThread)
{
    std::thread([] {
        const std::string process = std::to_string(getpid()) + "/";
        pthread_setname_np(pthread_self(), "painter");
        EXPECT_TRUE(std::regex_match(ThreadName("exe"), std::regex("exe-" + process + R"(painter-\d+)")));
        EXPECT_TRUE(std::regex_match(ThreadName(nullptr), std::regex("-" + process + R"(painter-\d+)")));
        pthread_setname_np(pthread_self(), "");
        EXPECT_EQ(ThreadName("exe"), "exe-" + process + std::to_string(gettid()));
    }).join();
}

TEST(Locks, AreTakenAgainAfterUnlock)
{
    Mutex mutex;
    Lock lock(mutex);
    lock.assert_locked(mutex);
    int ran = 0;
    Unlock(lock, [&] {
        const Lock other(mutex); // would lock up
        ++ran;
    });
    EXPECT_TRUE(lock.m_lock.owns_lock());
    EXPECT_THROW(Unlock(lock, [] { throw std::runtime_error("unlocked"); }), std::runtime_error);
    EXPECT_TRUE(lock.m_lock.owns_lock());
    EXPECT_EQ(ran, 1);
}

TEST(Interrupts, HaveTheirText)
{
    const InterruptException error("stop it");
    EXPECT_STREQ(error.what(), "stop it");
    EXPECT_EQ(error.m_message, "stop it");
}

} // namespace
} // namespace mp::test
