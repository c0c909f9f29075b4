#ifndef EXAMPLE_CHILD_H
#define EXAMPLE_CHILD_H

#include "init.capnp.h"
#include "init.capnp.proxy-types.h"
#include "init.h"

#include <atomic>
#include <mp/proxy-io.h>
#include <string>
#include <thread>
#include <vector>

//! A child that was started, and this side of the connection to it.
struct Started
{
    std::string name;
    mp::ProcessId pid;
    mp::SocketId input;
    mp::SocketId output;
};

//! Start the program that stands beside this one.
Started StartBeside(const std::string& directory, const std::string& name);
//! Start a program by a command that hands its own stdin and stdout on to it, as ssh does. On any machine.
Started StartElsewhere(const std::vector<std::string>& command);

//! A child process: its first object, and how it ended.
class Child
{
public:
    //! Connect to it.
    Child(mp::EventLoop& loop, Started started);
    //! Close the connection and wait until the child has ended.
    ~Child();

    Init& init() { return *m_init; }

    //! Readable when the child has ended.
    int endedFd() const { return m_ended[0]; }
    //! Whether the child ends within this time.
    bool endsWithin(int milliseconds) const;
    //! How the child ended, after it has: "mpprinter (pid 7) was killed by signal 9 (Killed)".
    std::string ending() const;

private:
    const std::string m_name;
    mp::ProcessId m_pid;
    std::unique_ptr<Init> m_init;
    int m_ended[2];
    std::atomic<int> m_status{0};
    //! Waits for the child.
    std::thread m_waiter;
};

#endif // EXAMPLE_CHILD_H
