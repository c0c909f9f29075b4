#include "spawn-connected.h"

#include "errors.h"
#include "output-log.h"
#include "reactor.h"
#include "runtime.h"

#include <csignal>
#include <fcntl.h>
#include <kj/common.h>
#include <kj/debug.h>
#include <mp/event-loop.h>
#include <mp/spawn-client.h>
#include <stdexcept>
#include <sys/socket.h>

namespace mp {

namespace {
//! How long a child may take to end after it has closed its socket, before that is taken for the failure.
constexpr std::chrono::seconds LAST_MOMENT{1};

std::string NameOf(const SpawnOptions& options, const std::vector<std::string>& argv)
{
    if (!options.name.empty() || argv.empty()) return options.name;
    return argv.front().substr(argv.front().rfind('/') + 1);
}

//! SpawnOptions as the process layer takes them. Refers to them.
class Request
{
public:
    Request(const SpawnOptions& options, EventLoop* loop)
        : m_spawn_options(options), m_env(options.env ? Pointers(*options.env) : std::vector<char*>()),
          m_env_edits(Pointers(options.env_edits))
    {
        m_options.env = options.env ? m_env.data() : nullptr;
        m_options.env_edits = m_env_edits.data();
        m_options.cwd = options.cwd.empty() ? nullptr : options.cwd.c_str();
        m_options.fds = options.fds.data();
        m_options.n_fds = options.fds.size();
        m_options.flags = options.flags;
        m_options.limits = options.limits.data();
        m_options.n_limits = options.limits.size();
        m_options.umask = options.umask;
        m_options.uid = options.uid;
        m_options.gid = options.gid;
        m_options.nice = options.nice;
        setStdio(loop);
    }

    //! The child's arguments, known only now where they are made from its connect info.
    void setArgv(const std::vector<std::string>& argv)
    {
        m_name = NameOf(m_spawn_options, argv);
        if (m_logged) m_logged->name = m_name;
    }
    const std::string& name() const { return m_name; }

    mp_spawn_options& options() { return m_options; }
    //! The child runs: what stands for it in the log is the capture's, and may be gone already.
    void started() { (void)m_logged.release(); }

private:
    void setStdio(EventLoop* loop)
    {
        const Stdio kinds[] = {m_spawn_options.in, m_spawn_options.out, m_spawn_options.err};
        if (kinds[0] == Stdio::Log) throw std::invalid_argument("a child's stdin can't be logged");
        int logged = 0;
        for (int i = 0; i < 3; ++i) {
            m_options.stdio[i].kind = kinds[i] == Stdio::Inherit ? MP_STDIO_INHERIT
                                      : kinds[i] == Stdio::Null  ? MP_STDIO_NULL
                                                                 : MP_STDIO_CAPTURED;
            logged += kinds[i] == Stdio::Log;
        }
        if (logged == 0) return;
        if (loop == nullptr) throw std::invalid_argument("a child's output is logged by an event loop");
        m_options.capture = OutputLogOf(*loop).capture();
        m_logged = std::make_unique<OutputLog::Child>(OutputLog::Child{"", logged});
        m_options.capture_child = m_logged.get();
    }

    const SpawnOptions& m_spawn_options;
    const std::vector<char*> m_env;
    const std::vector<char*> m_env_edits;
    mp_spawn_options m_options = MP_SPAWN_OPTIONS_INIT;
    std::unique_ptr<OutputLog::Child> m_logged;
    std::string m_name;
};

//! Whether the child is gone. One whose status is lost may still run.
bool HasEnded(const Process& process)
{
    const std::optional<mp_exit> exit = process.wait(std::chrono::milliseconds(0));
    return exit && (exit->how != MP_EXIT_LOST || !process.kill(0));
}

//! After connecting has failed: leave nothing of the child.
//! @param broken  the connection was lost
//! @return what explains the failure, if the child's own end does
std::optional<mp_exit> Abandon(const Process& process, bool broken)
{
    std::optional<mp_exit> exit;
    if (broken) exit = process.wait(LAST_MOMENT);
    // One whose status is lost may still run.
    if (!exit || exit->how == MP_EXIT_LOST) {
        process.kill(SIGKILL);
        process.wait();
    }
    return exit;
}
} // namespace

Process Spawn(const SpawnOptions& options, EventLoop* loop)
{
    if (options.make_argv) throw std::invalid_argument("Spawn: make_argv is for children with a socket");
    Request request(options, loop);
    const std::vector<char*> argv = Pointers(options.argv);
    request.setArgv(options.argv);
    request.options().argv = argv.data();
    mp_process* process = nullptr;
    mp_error error;
    if (mp_process_spawn(&request.options(), &process, &error) < 0) ThrowSystemError(error);
    request.started();
    return Process(process);
}

namespace detail {

ChildLink::ChildLink(const kj::AutoCloseFd& socket)
{
    int copy;
    KJ_SYSCALL(copy = fcntl(socket, F_DUPFD_CLOEXEC, 3), "connect to a child");
    m_socket = kj::AutoCloseFd(copy);
}

void ChildLink::cut()
{
    m_broken = true;
    shutdown(m_socket, SHUT_RD);
}

void ChildLink::watch(Port& port, const Process& process)
{
    m_watch = kj::heap<ExitWatch>(port, process.exitFd(), [this, &process] {
        if (HasEnded(process)) cut();
    });
}

SpawnedChild SpawnConnected(EventLoop& loop, const SpawnOptions& options, Process& process, FunctionRef<void()> started,
                            ConnectFn connect)
{
    // The loop must not end between its calls here.
    const EventLoopRef ref(loop);
    Request request(options, &loop);
    auto [child, socket] = mp::SpawnConnected(&request.options(), [&](const SpawnConnectInfo& connect_info) {
        std::vector<std::string> argv = options.make_argv ? options.make_argv(connect_info) : options.argv;
        if (!options.make_argv && !argv.empty()) argv.push_back(connect_info);
        request.setArgv(argv);
        return argv;
    });
    request.started();
    process = std::move(child);
    kj::AutoCloseFd fd(socket);
    std::shared_ptr<ChildLink> link;
    try {
        link = std::make_shared<ChildLink>(fd);
        started();
        KJ_DEFER(loop.call([&] { link->unwatch(); }));
        connect(request.name(), MakeStream(loop, fd.release()), [&](Connection& connection) {
            connection.onDisconnect([link] { link->setBroken(); });
            // How the child ends after the connection was closed here explains nothing.
            connection.addSyncCleanup([link] { link->unwatch(); });
            link->watch(ReactorOf(loop).port(), process);
        });
    } catch (...) {
        if (const auto exit = Abandon(process, link && link->broken())) {
            throw std::runtime_error("'" + request.name() + "' " + Describe(*exit) + " before it answered");
        }
        throw;
    }
    return {request.name(), link};
}

} // namespace detail

} // namespace mp
