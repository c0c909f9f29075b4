#ifndef MP_RPC_RUNTIME_H
#define MP_RPC_RUNTIME_H

// What the runtime's parts know of each other and applications don't.

#include <functional>
#include <kj/async.h>
#include <kj/exception.h>
#include <kj/memory.h>

namespace mp {

class AsyncCleanup;
class EventLoop;
class Reactor;

Reactor& ReactorOf(EventLoop& loop);
AsyncCleanup& AsyncCleanupOf(EventLoop& loop);

//! Have fn called when the loop is shut down. Owning the loop.
void OnShutdown(EventLoop& loop, std::function<void()> fn);

//! Report a promise that failed where nobody waits for it.
void LogUncaughtTask(EventLoop& loop, const kj::Exception& exception);

} // namespace mp

#endif // MP_RPC_RUNTIME_H
