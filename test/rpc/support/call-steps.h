// The life of a call, step by step: to do something at a certain one, whichever process or thread reaches it.
#ifndef MP_TEST_RPC_SUPPORT_CALL_STEPS_H
#define MP_TEST_RPC_SUPPORT_CALL_STEPS_H

#include <atomic>
#include <functional>
#include <mp/event-loop.h>
#include <rpc/support/service-impl.h>
#include <string>
#include <vector>

namespace mp::test {

//! What is called.
enum class Kind {
    LoopMethod,
    WorkerMethod,
    NestedCallback,
    PoolMethod,
    Construct,
    Destroy,
    //! Construct over a connection that a listener accepts.
    Accept,
};

//! Where the call is.
enum class Step {
    Accepted,     //!< server: the connection is there
    Sent,         //!< client: the request is built
    ThreadAsked,  //!< server: asked to make a thread
    ThreadReady,  //!< server, worker: made
    Received,     //!< server: the request has come
    Posted,       //!< server: given to the worker
    Started,      //!< worker: has it
    Executing,    //!< worker: reads the parameters
    InMethod,     //!< worker, or the server's loop
    InCallback,   //!< client's thread
    Done,         //!< worker: the results are built
    Answered,     //!< server: the answer is written
    ResultsRead,  //!< client: the answer has come
};

const char* NameOf(Kind kind);
const char* NameOf(Step step);
//! @throws std::invalid_argument
Kind KindOf(const std::string& name);
Step StepOf(const std::string& name);

//! The steps that a call of a kind takes, in order.
std::vector<Step> StepsOf(Kind kind);

//! Watches a call, from log messages, hooks and methods, and acts at one step of it, once.
class StepWatch
{
public:
    //! @param action  on the thread that reaches the step, which may own its event loop
    StepWatch(Kind kind, Step step, std::function<void()> action);

    //! From now on.
    void arm() { m_armed = true; }
    bool reached() const { return m_reached; }
    void at(Step step);

    //! A log function that watches, and hands on.
    LogFn log(LogFn next);
    //! Watch the hooks of a server's loop, on it, and the object's methods.
    void watch(EventLoop& loop, ServiceImpl& impl);

private:
    void read(const std::string& message);

    const Step m_step;
    const std::function<void()> m_action;
    const std::string m_method;
    std::atomic<bool> m_armed{false};
    std::atomic<bool> m_reached{false};
};

} // namespace mp::test

#endif // MP_TEST_RPC_SUPPORT_CALL_STEPS_H
