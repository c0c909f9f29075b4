#ifndef EXAMPLE_CHILD_H
#define EXAMPLE_CHILD_H

#include "init.h"
#include "init.capnp.h"
#include "init.capnp.proxy-types.h"

#include <atomic>
#include <mp/proxy-io.h>
#include <string>
#include <thread>

//! A child process: its first object, and how it ended.
class Child
{
public:
    //! Start the program that stands beside this one.
    //! @param ended  readable, for the caller, as soon as the child has ended
    Child(mp::EventLoop& loop, const std::string& directory, std::string name);
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
