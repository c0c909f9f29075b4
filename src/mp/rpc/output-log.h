#ifndef MP_RPC_OUTPUT_LOG_H
#define MP_RPC_OUTPUT_LOG_H

#include <memory>
#include <mp/c/capture.h>
#include <mp/sync.h>
#include <string>

namespace mp {

class EventLoop;

//! Logs what children print: one thread for all of a loop's, which starts with the first one.
class OutputLog
{
public:
    //! What stands for a child in the capture's lines. The capture's thread deletes it when the last stream ends.
    struct Child
    {
        std::string name;
        int open_streams;
    };

    explicit OutputLog(EventLoop& loop) : m_loop(loop) {}
    OutputLog(const OutputLog&) = delete;
    OutputLog& operator=(const OutputLog&) = delete;
    //! Waits a little for streams to end, and gives up the others.
    ~OutputLog();

    //! What reads children's streams. Any thread.
    //! @throws std::system_error
    mp_capture* capture();

private:
    static void log(void* self, const mp_capture_line* line) noexcept;

    EventLoop& m_loop;
    Mutex m_mutex;
    mp_capture* m_capture MP_GUARDED_BY(m_mutex){nullptr};
};

OutputLog& OutputLogOf(EventLoop& loop);

} // namespace mp

#endif // MP_RPC_OUTPUT_LOG_H
