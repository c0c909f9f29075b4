#ifndef MP_RPC_RUNTIME_H
#define MP_RPC_RUNTIME_H

// What the runtime's parts know of each other and applications don't.

#include <functional>
#include <kj/async.h>
#include <kj/exception.h>
#include <kj/memory.h>
#include <list>

namespace mp {

class AsyncCleanup;
class EventLoop;
class Reactor;

Reactor& ReactorOf(EventLoop& loop);
AsyncCleanup& AsyncCleanupOf(EventLoop& loop);

//! Have fn called when the loop is shut down, until it is removed. Owning the loop.
using ShutdownHook = std::list<std::function<void()>>::iterator;
ShutdownHook AddShutdownHook(EventLoop& loop, std::function<void()> fn);
void RemoveShutdownHook(EventLoop& loop, ShutdownHook hook);

//! Report a promise that failed where nobody waits for it.
void LogUncaughtTask(EventLoop& loop, const kj::Exception& exception);

} // namespace mp

#endif // MP_RPC_RUNTIME_H
