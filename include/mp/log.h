#ifndef MP_LOG_H
#define MP_LOG_H

#include <cstddef>
#include <functional>
#include <kj/string.h>
#include <memory>
#include <ostream>
#include <string>

namespace mp {

//! Importance of a log message. Raise is not a message for a log: it reports that a call failed, and the log function
//! is expected to throw, which is how the caller of the method learns of it.
enum class Log { Trace = 0, Debug, Info, Warning, Error, Raise };

kj::StringPtr KJ_STRINGIFY(Log level);

struct LogMessage
{
    std::string message;
    Log level;
};

//! Called on any thread, also on several at once.
using LogFn = std::function<void(LogMessage)>;

struct LogOptions
{
    LogFn log_fn;
    //! Data in Trace messages is cut off after this many characters.
    size_t max_chars{200};
    //! Messages below are neither formatted nor passed on.
    Log log_level{Log::Trace};
};

//! Name of this thread in log messages: ThreadContext::thread_name if set, else ThreadName(exe_name).
std::string LongThreadName(const char* exe_name);

//! One message in the making: collects what is streamed into it, passes it on when it ends. What the log function
//! throws is passed on for Log::Raise, and dropped for other levels.
class LogEntry
{
public:
    LogEntry(const LogOptions& options, Log level);
    ~LogEntry() noexcept(false);

    std::ostream& stream() { return m_stream; }

private:
    const LogOptions& m_options;
    Log m_level;
    int m_exceptions;
    //! Not on the stack, where each message that is not written would take as much.
    std::unique_ptr<std::ostringstream> m_text;
    std::ostream& m_stream;
};

inline bool LogEnabled(const LogOptions& options, Log level)
{
    return options.log_fn && level >= options.log_level;
}

//! Stream-style message of an EventLoop: nothing to the right is evaluated where the level is not enabled.
#define MP_LOGPLAIN(loop, level)                                      \
    if (!::mp::LogEnabled((loop).m_log_opts, level)) {                \
    } else                                                            \
        ::mp::LogEntry((loop).m_log_opts, level).stream()

//! The same, led by the name of the thread.
#define MP_LOG(loop, level) MP_LOGPLAIN(loop, level) << "{" << ::mp::LongThreadName((loop).m_exe_name) << "} "

} // namespace mp

#endif // MP_LOG_H
