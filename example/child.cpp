#include "child.h"

#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

Child::Child(mp::EventLoop& loop, const std::string& directory, std::string name) : m_name(std::move(name))
{
    const auto [pid, socket] = mp::SpawnProcess([&](const mp::SpawnConnectInfo& connect_info) {
        return std::vector<std::string>{directory + m_name, connect_info};
    });
    m_pid = pid;
    if (pipe2(m_ended, O_CLOEXEC) != 0) throw std::system_error(errno, std::system_category(), "pipe");
    m_waiter = std::thread([this] {
        m_status = mp::WaitProcess(m_pid);
        close(m_ended[1]);
    });
    try {
        m_init = mp::ConnectStream<messages::Init>(loop, mp::MakeStream(loop, socket));
    } catch (...) {
        // The child was told by the end of its connection.
        m_waiter.join();
        close(m_ended[0]);
        throw std::runtime_error("cannot connect to " + ending());
    }
}

Child::~Child()
{
    m_init.reset();
    m_waiter.join();
    close(m_ended[0]);
}

bool Child::endsWithin(int milliseconds) const
{
    pollfd ended{m_ended[0], POLLIN, 0};
    return poll(&ended, 1, milliseconds) > 0;
}

std::string Child::ending() const
{
    const int status = m_status;
    std::string text = m_name + " (pid " + std::to_string(m_pid) + ")";
    if (WIFSIGNALED(status)) {
        const int signal = WTERMSIG(status);
        return text + " was killed by signal " + std::to_string(signal) + " (" + strsignal(signal) + ")";
    }
    return text + " ended with exit code " + std::to_string(WEXITSTATUS(status));
}
