#include "control.h"

#include "check.h"

#include <algorithm>
#include <cstring>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>

namespace bench {
namespace {

template <size_t Size>
void CopyText(char (&target)[Size], const std::string& text)
{
    const size_t length = std::min(text.size(), Size - 1);
    std::memcpy(target, text.data(), length);
    target[length] = 0;
}

template <typename Message>
bool Receive(int fd, Message& ret_message)
{
    Message message;
    const ssize_t size = Check(recv(fd, &message, sizeof(message), 0), "recv");
    if (size == 0) return false;
    if (size != sizeof(message)) throw std::runtime_error("message of a wrong size on the control socket");
    ret_message = message;
    return true;
}

} // namespace

Command Command::Make(const std::string& op, uint64_t count)
{
    Command command{};
    CopyText(command.op, op);
    command.count = count;
    command.threads = 1;
    command.in_flight = 1;
    return command;
}

void Reply::setError(const std::string& text) { CopyText(error, text.empty() ? std::string{"unknown error"} : text); }

void SendCommand(int fd, const Command& command)
{
    Check(send(fd, &command, sizeof(command), MSG_NOSIGNAL), "send to a client process");
}

bool ReceiveCommand(int fd, Command& ret_command) { return Receive(fd, ret_command); }

bool SendReply(int fd, const Reply& reply) { return send(fd, &reply, sizeof(reply), MSG_NOSIGNAL) == sizeof(reply); }

bool ReceiveReply(int fd, int timeout_ms, Reply& ret_reply)
{
    pollfd readable{fd, POLLIN, 0};
    if (Check(poll(&readable, 1, timeout_ms), "poll") == 0) return false;
    return Receive(fd, ret_reply);
}

} // namespace bench
