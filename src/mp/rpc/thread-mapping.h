#ifndef MP_RPC_THREAD_MAPPING_H
#define MP_RPC_THREAD_MAPPING_H

#include <mp/connection.h>
#include <mp/thread-context.h>

namespace mp {

class PendingCall;

//! Which thread of one side stands for which of the other: the entries in ThreadContext, and their end, whichever of
//! thread and connection goes first.
class ThreadMapping
{
public:
    //! The calling thread, as the peer is told to call it back. Owning the loop.
    static Thread::Client callbackThread(Connection& connection, ThreadContext& thread);

    //! The same under a name of its own, which can be taken back with the call. Owning the loop.
    static Thread::Client callbackThread(Connection& connection, ThreadContext& thread,
                                         const std::shared_ptr<PendingCall>& call);
    //! The call is given up: its callbacks which haven't begun are refused, now and later. Owning the loop.
    static void endCallbacks(PendingCall& call);

    //! The peer's thread that runs the calling thread's calls: the one that waits for the calling thread, if it runs a
    //! request of that peer, else one of its own. Owning the loop.
    static Thread::Client requestThread(Connection& connection, ThreadContext& thread);

    //! The request's thread doesn't stand for the peer's callback thread any more. Owning the loop.
    static void endRequest(ServerRequest& request, ThreadContext& thread);

    //! A thread ends: drop its entries. On that thread.
    static void dropThread(ThreadContext& thread);

    //! A connection ends: drop its entries. Owning the loop.
    static void dropConnection(Connection& connection);

    //! Export a thread over a connection. Owning the loop.
    static Thread::Client exportThread(Connection& connection, kj::Own<ProxyServer<Thread>> server);

    //! The exported thread that a reference in a message leads to, if that can be told at once. Owning the loop.
    static ProxyServer<Thread>* localThread(Connection& connection, Thread::Client& client);

    //! The exported object is being destroyed. Owning the loop.
    static void forgetExport(ProxyServer<Thread>& server);

    //! The connection that threads were exported over is being destroyed. Owning the loop.
    static void forgetConnection(Connection& connection);

private:
    static void insert(ConnThreads& threads, Connection& connection, ThreadContext& thread, Thread::Client client);
    static void dropEntries(ThreadContext& thread, Connection& connection);
    //! The exported object stands for no thread any more.
    static void forgetThread(ProxyServer<Thread>& server);
};

} // namespace mp

#endif // MP_RPC_THREAD_MAPPING_H
