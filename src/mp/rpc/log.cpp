#include <mp/log.h>
#include <mp/thread-context.h>

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

LogEntry::~LogEntry() noexcept(false) { m_options.log_fn({std::move(m_stream).str(), m_level}); }

} // namespace mp
