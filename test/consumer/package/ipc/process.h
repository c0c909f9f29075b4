#ifndef HARBOR_IPC_PROCESS_H
#define HARBOR_IPC_PROCESS_H

#include "core/interfaces.h"
#include "ipc/context.h"

#include <mp/proxy-io.h>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <typeindex>

namespace harbor::ipc {

//! A call that could not be made, or whose answer was an error.
class Exception : public std::runtime_error
{
public:
    using std::runtime_error::runtime_error;
};

//! The event loop of a process, and what goes over it.
class Process
{
public:
    //! @param program  what spawn() starts
    Process(const char* name, std::string program);
    ~Process();

    //! Start a process, which ends with its first object; its exit status is in ret_status then.
    std::unique_ptr<Init> spawn(const char* role, int& ret_status);
    //! Talk to a process that listens.
    std::unique_ptr<Init> connect(const std::string& path);
    //! Serve init to whoever connects.
    void listen(const std::string& path, Init& init);
    //! In a process that was spawned: serve init to the parent until it closes the connection.
    void serve(const std::string& connect_info, Init& init);
    //! Close the connections of those who came by listen().
    void disconnectIncoming();

    Context& context() { return m_context; }
    //! Whether a line of the log has this text in it.
    bool logged(const std::string& text);

private:
    void log(const mp::LogMessage& message);

    const std::string m_program;
    Context m_context;
    std::mutex m_mutex;
    std::vector<std::string> m_log;
    std::optional<mp::EventLoop> m_loop;
    std::optional<mp::EventLoopRef> m_ref;
    std::thread m_thread;
};

//! Run fn after the client behind an object of this type was destroyed.
void AddCleanup(std::type_index type, void* object, std::function<void()> fn);

} // namespace harbor::ipc

#endif // HARBOR_IPC_PROCESS_H
