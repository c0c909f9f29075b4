#include "output-log.h"

#include "errors.h"

#include <kj/string-tree.h>
#include <limits>
#include <mp/c/status.h>
#include <mp/event-loop.h>
#include <mp/util.h>

namespace mp {

namespace {
//! For children that are ending, and for what they have written: from then on nobody reads it.
constexpr int LINGER_MS = 1000;
} // namespace

OutputLog::~OutputLog()
{
    const Lock lock(m_mutex);
    if (m_capture == nullptr) return;
    mp_error error;
    if (mp_capture_wait(m_capture, LINGER_MS, &error) == MP_ETIMEDOUT) {
        MP_LOG(m_loop, Log::Info) << "Event loop ends before children whose output it logs.";
    }
    mp_capture_unref(m_capture);
}

mp_capture* OutputLog::capture()
{
    const Lock lock(m_mutex);
    if (m_capture == nullptr) {
        mp_capture_options options = MP_CAPTURE_OPTIONS_INIT;
        options.callback = log;
        options.user = this;
        mp_error error;
        if (mp_capture_new(&options, &m_capture, &error) < 0) ThrowSystemError(error);
    }
    return m_capture;
}

void OutputLog::log(void* self, const mp_capture_line* line) noexcept
{
    auto* const child = static_cast<Child*>(line->child);
    if (line->kind == MP_CAPTURE_END) {
        if (--child->open_streams == 0) delete child;
        return;
    }
    EventLoop& loop = static_cast<OutputLog*>(self)->m_loop;
    try {
        MP_LOGPLAIN(loop, line->stream == 1 ? Log::Info : Log::Warning)
            << child->name << ": "
            << LogEscape(kj::strTree(kj::arrayPtr(line->text, line->length)), std::numeric_limits<size_t>::max());
    } catch (...) {
        // No memory for the message.
    }
}

} // namespace mp
