#include <exception>
#include <mp/log.h>
#include <mp/thread-context.h>
#include <sstream>

namespace mp {

kj::StringPtr KJ_STRINGIFY(Log level)
{
    switch (level) {
    case Log::Trace: return "Trace";
    case Log::Debug: return "Debug";
    case Log::Info: return "Info";
    case Log::Warning: return "Warning";
    case Log::Error: return "Error";
    case Log::Raise: return "Raise";
    }
    return "<Log?>";
}

std::string LongThreadName(const char* exe_name)
{
    const ThreadContext& context = CurrentThread();
    return context.thread_name.empty() ? ThreadName(exe_name) : context.thread_name;
}

LogEntry::LogEntry(const LogOptions& options, Log level)
    : m_options(options), m_level(level), m_exceptions(std::uncaught_exceptions()),
      m_text(std::make_unique<std::ostringstream>()), m_stream(*m_text)
{
}

LogEntry::~LogEntry() noexcept(false)
{
    // Something was thrown while the message was put together.
    if (std::uncaught_exceptions() > m_exceptions) return;
    LogMessage message{std::move(*m_text).str(), m_level};
    if (m_level == Log::Raise) {
        m_options.log_fn(std::move(message));
        return;
    }
    try {
        m_options.log_fn(std::move(message));
    } catch (...) {
        // Messages come from everywhere, destructors too: only a failed call may throw.
    }
}

} // namespace mp
