// What an event loop logged.
#ifndef MP_TEST_RPC_SUPPORT_LOGS_H
#define MP_TEST_RPC_SUPPORT_LOGS_H

#include <condition_variable>
#include <mp/log.h>
#include <mutex>
#include <string>
#include <vector>

namespace mp::test {

//! Regular expression for how most messages begin: with the name of a thread of the tests' loops.
inline const std::string THREAD = R"(\{mptest-\d+/[^}]*\} )";

//! Collects log messages, and throws std::runtime_error for Log::Raise. Outlives its loops.
class Logs
{
public:
    LogFn fn();
    LogOptions options(Log level = LogOptions().log_level) { return {.log_fn = fn(), .log_level = level}; }

    //! Messages that contain a text.
    size_t count(const std::string& text) const;
    bool has(const std::string& text) const { return count(text) > 0; }
    bool has(Log level, const std::string& text) const;
    //! Whether a message, or a line of one, matches a regular expression as a whole.
    bool hasLine(Log level, const std::string& pattern) const;
    size_t countLevel(Log level) const;
    //! Wait until a message contains a text. @return false when the deadline has passed
    [[nodiscard]] bool waitFor(const std::string& text, size_t times = 1) const;
    //! All messages, one per line.
    std::string all() const;
    //! A copy of them.
    std::vector<LogMessage> messages() const;

private:
    size_t countLocked(const std::string& text) const;

    mutable std::mutex m_mutex;
    mutable std::condition_variable m_cv;
    std::vector<LogMessage> m_messages;
};

} // namespace mp::test

#endif // MP_TEST_RPC_SUPPORT_LOGS_H
