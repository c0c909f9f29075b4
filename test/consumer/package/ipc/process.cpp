#include "ipc/process.h"

#include "ipc/init.capnp.h"
#include "ipc/init.capnp.proxy-types.h"
#include "ipc/init.capnp.proxy.h"

#include <algorithm>
#include <future>
#include <mp/proxy-types.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>

namespace harbor::ipc {
namespace {

template <typename Use>
int LocalSocket(const std::string& path, Use&& use, const char* what)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof(address.sun_path)) throw std::runtime_error("path of a socket is too long: " + path);
    path.copy(address.sun_path, path.size());
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || use(fd, reinterpret_cast<const sockaddr*>(&address), socklen_t{sizeof(address)}) != 0) {
        const int error = errno;
        if (fd >= 0) close(fd);
        throw std::system_error(error, std::system_category(), what + (" " + path));
    }
    return fd;
}

} // namespace

Process::Process(const char* name, std::string program) : m_program(std::move(program))
{
    std::promise<void> started;
    m_thread = std::thread([&] {
        mp::g_thread_context.thread_name = mp::ThreadName(name);
        mp::LogOptions options = {
            .log_fn = [this](const mp::LogMessage& message) { log(message); },
            .log_level = mp::Log::Debug,
        };
        m_loop.emplace(name, std::move(options), &m_context);
        m_ref.emplace(*m_loop);
        started.set_value();
        m_loop->loop();
        m_loop.reset();
    });
    started.get_future().wait();
}

Process::~Process()
{
    m_ref.reset();
    m_thread.join();
}

std::unique_ptr<Init> Process::spawn(const char* role, int& ret_status)
{
    const auto [pid, socket] = mp::SpawnProcess([&](mp::SpawnConnectInfo connect_info) {
        return std::vector<std::string>{m_program, role, std::move(connect_info)};
    });
    auto init = mp::ConnectStream<messages::Init>(*m_loop, mp::MakeStream(*m_loop, socket));
    AddCleanup(typeid(Init), static_cast<Init*>(init.get()),
               [pid = pid, &ret_status] { ret_status = mp::WaitProcess(pid); });
    return init;
}

std::unique_ptr<Init> Process::connect(const std::string& path)
{
    const int fd = LocalSocket(path, ::connect, "connect to");
    return mp::ConnectStream<messages::Init>(*m_loop, mp::MakeStream(*m_loop, fd));
}

void Process::listen(const std::string& path, Init& init)
{
    const int fd = LocalSocket(path, ::bind, "bind");
    if (::listen(fd, 5) != 0) throw std::system_error(errno, std::system_category(), "listen");
    mp::ListenConnections<messages::Init>(*m_loop, fd, init);
}

void Process::serve(const std::string& connect_info, Init& init)
{
    const mp::SocketId socket = mp::StartSpawned(connect_info);
    std::promise<void> closed;
    m_loop->sync([&] {
        mp::ServeStream<messages::Init>(*m_loop, mp::MakeStream(*m_loop, socket), init);
        m_loop->m_incoming_connections.back().onDisconnect([&] { closed.set_value(); });
    });
    closed.get_future().wait();
}

void Process::disconnectIncoming()
{
    m_loop->sync([&] { m_loop->m_incoming_connections.clear(); });
}

bool Process::logged(const std::string& text)
{
    const std::lock_guard lock(m_mutex);
    return std::any_of(m_log.begin(), m_log.end(),
                       [&](const std::string& line) { return line.find(text) != std::string::npos; });
}

void Process::log(const mp::LogMessage& message)
{
    if (message.level == mp::Log::Raise) throw Exception(message.message);
    const std::lock_guard lock(m_mutex);
    m_log.push_back(message.message);
}

void AddCleanup(std::type_index type, void* object, std::function<void()> fn)
{
    mp::ProxyTypeRegister::types().at(type)(object).cleanup_fns.emplace_back(std::move(fn));
}

} // namespace harbor::ipc
