#include "child.h"

#include <cstring>
#include <fcntl.h>
#include <mp/c/process.h>
#include <poll.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

Started StartBeside(const std::string& directory, const std::string& name)
{
    const auto [pid, socket] = mp::SpawnProcess([&](const mp::SpawnConnectInfo& connect_info) {
        return std::vector<std::string>{directory + name, connect_info};
    });
    return {name, pid, socket, socket};
}

Started StartElsewhere(const std::vector<std::string>& command)
{
    std::vector<const char*> argv;
    for (const std::string& arg : command) argv.push_back(arg.c_str());
    argv.push_back(nullptr);
    mp_spawn_options options = MP_SPAWN_OPTIONS_INIT;
    options.argv = argv.data();
    Started started{command.front(), -1, -1, -1};
    mp_process* process;
    mp_error error;
    if (mp_spawn_stdio(&options, &process, &started.input, &started.output, &error) < 0) {
        throw std::runtime_error(error.message);
    }
    // Child waits for it, as for any other.
    const int status = mp_process_release(process, &started.pid);
    mp_process_unref(process);
    if (status < 0) throw std::runtime_error(mp_status_text(status));
    return started;
}

Child::Child(mp::EventLoop& loop, Started started) : m_name(std::move(started.name)), m_pid(started.pid)
{
    if (pipe2(m_ended, O_CLOEXEC) != 0) throw std::system_error(errno, std::system_category(), "pipe");
    m_waiter = std::thread([this] {
        m_status = mp::WaitProcess(m_pid);
        close(m_ended[1]);
    });
    try {
        m_init = mp::ConnectStream<messages::Init>(loop, mp::MakeStream(loop, started.input, started.output));
    } catch (const std::exception& e) {
        // The child was told by the end of its connection.
        m_waiter.join();
        close(m_ended[0]);
        throw std::runtime_error("cannot connect: " + ending() + "; " + e.what());
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
