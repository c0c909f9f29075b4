#ifndef HARBOR_IPC_CONTEXT_H
#define HARBOR_IPC_CONTEXT_H

#include <atomic>

namespace harbor::ipc {

//! What hooks know of the application: the event loop's m_context.
struct Context
{
    std::atomic<int> ports_connected{0};
    std::atomic<int> ports_closed{0};
    std::atomic<int> handlers_made{0};
    std::atomic<int> handlers_released{0};
};

} // namespace harbor::ipc

#endif // HARBOR_IPC_CONTEXT_H
