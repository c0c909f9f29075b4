#include <rpc/support/logs.h>

#include <algorithm>
#include <regex>
#include <rpc/support/signal.h>
#include <sstream>
#include <stdexcept>

namespace mp::test {

LogFn Logs::fn()
{
    return [this](LogMessage message) {
        const bool raise = message.level == Log::Raise;
        const std::string text = message.message;
        {
            const std::lock_guard lock(m_mutex);
            m_messages.push_back(std::move(message));
            m_cv.notify_all();
        }
        if (raise) throw std::runtime_error(text);
    };
}

size_t Logs::countLocked(const std::string& text) const
{
    return static_cast<size_t>(std::count_if(m_messages.begin(), m_messages.end(), [&](const LogMessage& message) {
        return message.message.find(text) != std::string::npos;
    }));
}

size_t Logs::count(const std::string& text) const
{
    const std::lock_guard lock(m_mutex);
    return countLocked(text);
}

bool Logs::has(Log level, const std::string& text) const
{
    const std::lock_guard lock(m_mutex);
    return std::any_of(m_messages.begin(), m_messages.end(), [&](const LogMessage& message) {
        return message.level == level && message.message.find(text) != std::string::npos;
    });
}

bool Logs::hasLine(Log level, const std::string& pattern) const
{
    const std::regex regex(std::string(kj::str(level).cStr()) + ": " + pattern);
    std::istringstream lines(all());
    for (std::string line; std::getline(lines, line);) {
        if (std::regex_match(line, regex)) return true;
    }
    return false;
}

size_t Logs::countLevel(Log level) const
{
    const std::lock_guard lock(m_mutex);
    return static_cast<size_t>(std::count_if(m_messages.begin(), m_messages.end(),
                                             [&](const LogMessage& message) { return message.level == level; }));
}

bool Logs::waitFor(const std::string& text, size_t times) const
{
    std::unique_lock lock(m_mutex);
    return m_cv.wait_for(lock, DEADLINE, [&] { return countLocked(text) >= times; });
}

std::string Logs::all() const
{
    const std::lock_guard lock(m_mutex);
    std::string text;
    for (const LogMessage& message : m_messages) text += kj::str(message.level).cStr() + (": " + message.message) + "\n";
    return text;
}

std::vector<LogMessage> Logs::messages() const
{
    const std::lock_guard lock(m_mutex);
    return m_messages;
}

} // namespace mp::test
