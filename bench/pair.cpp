#include "pair.h"

#include "check.h"
#include "heap.h"
#include "measure.h"

#include <cstdio>
#include <fcntl.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/un.h>

namespace bench {
namespace {

constexpr int TIMEOUT_MS{60'000};

constexpr int AREA_FD{Child::FIRST_FD};
constexpr int SERVER_LINK_FD{AREA_FD + 1};
constexpr int CLIENT_CONTROL_FD{AREA_FD + 1};
constexpr int CLIENT_LINK_FD{AREA_FD + 2};

struct Ends {
    Fd client;
    Fd server;
};

Ends MakePair(int type)
{
    int fds[2];
    Check(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds), "socketpair");
    return {Fd{fds[0]}, Fd{fds[1]}};
}

//! One listening socket at an address that the kernel picks; both processes get it.
Ends MakeListener()
{
    Fd server{Check(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")};
    const sockaddr_un address{AF_UNIX, {}};
    Check(bind(server.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address.sun_family)), "bind");
    Check(listen(server.get(), SOMAXCONN), "listen");
    Fd client{Check(fcntl(server.get(), F_DUPFD_CLOEXEC, 0), "F_DUPFD_CLOEXEC")};
    return {std::move(client), std::move(server)};
}

std::vector<std::string> RoleArgs(const char* role, const std::string& kind, const PairOptions& options)
{
    std::vector<std::string> args{options.runner};
    for (const std::string& arg : {SelfPath(), std::string{"--role"}, std::string{role}, kind}) args.push_back(arg);
    if (options.count_allocations) args.push_back("count");
    return args;
}

void SetCloseOnExec(int fd) { Check(fcntl(fd, F_SETFD, FD_CLOEXEC), "F_SETFD"); }

void StartCounting(SharedArea& area, Side side, bool count_allocations)
{
    if (count_allocations) CountAllocations(&area.allocations[static_cast<int>(side)].value);
}

} // namespace

Pair::Pair(const std::string& kind, const PairOptions& options) : m_name{kind}
{
    const Link link = FindKind(kind).link;
    int area_fd = -1;
    m_area = CreateSharedArea(area_fd);
    const Fd area{area_fd};
    Ends control = MakePair(SOCK_SEQPACKET);
    std::vector<int> client_fds{area.get(), control.client.get()};
    Ends ends;
    if (link != Link::none) {
        ends = link == Link::socketpair ? MakePair(SOCK_STREAM) : MakeListener();
        client_fds.push_back(ends.client.get());
        m_server.emplace(RoleArgs("server", kind, options), std::vector{area.get(), ends.server.get()});
        m_area->server_pid = m_server->pid();
    }
    m_client.emplace(RoleArgs("client", kind, options), client_fds);
    m_control = std::move(control.server);
    control.client.reset();
    ends = {};
    receive();
}

Reply Pair::run(const Command& command)
{
    start(command);
    return finish();
}

void Pair::start(const Command& command) { SendCommand(m_control.get(), command); }

Reply Pair::finish() { return receive(); }

std::optional<pid_t> Pair::serverPid() const
{
    if (!m_server) return std::nullopt;
    return m_server->pid();
}

Reply Pair::receive()
{
    Reply reply{};
    if (!ReceiveReply(m_control.get(), TIMEOUT_MS, reply)) {
        throw std::runtime_error("the '" + m_name + "' client ended or gave no answer in time");
    }
    if (reply.error[0]) throw std::runtime_error("the '" + m_name + "' client failed: " + reply.error);
    return reply;
}

int RunClientRole(const std::string& kind, bool count_allocations)
{
    for (const int fd : {AREA_FD, CLIENT_CONTROL_FD}) SetCloseOnExec(fd);
    const SharedAreaPtr area = MapSharedArea(AREA_FD);
    StartCounting(*area, Side::client, count_allocations);
    std::unique_ptr<Client> client;
    const auto reply = [&](auto&& step) {
        Reply result{};
        try {
            result = step();
        } catch (const std::exception& e) {
            result.setError(e.what());
        }
        return SendReply(CLIENT_CONTROL_FD, result);
    };
    bool connected = reply([&] {
        const Kind& found = FindKind(kind);
        if (found.link != Link::none) SetCloseOnExec(CLIENT_LINK_FD);
        client = found.connect(found.link == Link::none ? -1 : CLIENT_LINK_FD);
        return Reply{};
    });
    Command command;
    while (connected && client && ReceiveCommand(CLIENT_CONTROL_FD, command)) {
        connected = reply([&] { return Measure(*client, command, *area); });
    }
    return 0;
}

int RunServerRole(const std::string& kind, bool count_allocations)
{
    for (const int fd : {AREA_FD, SERVER_LINK_FD}) SetCloseOnExec(fd);
    const SharedAreaPtr area = MapSharedArea(AREA_FD);
    StartCounting(*area, Side::server, count_allocations);
    FindKind(kind).serve(SERVER_LINK_FD);
    return 0;
}

} // namespace bench
