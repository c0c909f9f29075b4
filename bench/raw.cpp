#include "raw.h"

#include "check.h"
#include "fd.h"

#include <algorithm>
#include <cstring>
#include <sys/socket.h>
#include <vector>

namespace bench {
namespace {

// A message is its own length in 8 bytes and then anything up to that length.
using Header = uint64_t;

void WriteAll(int fd, const char* data, size_t size)
{
    while (size > 0) {
        const size_t written = static_cast<size_t>(Check(send(fd, data, size, MSG_NOSIGNAL), "send"));
        data += written;
        size -= written;
    }
}

//! Reads one message into a buffer that grows as needed; returns its length, or 0 at the end of the connection.
size_t ReadMessage(int fd, std::vector<char>& buffer)
{
    size_t filled = 0;
    Header size = sizeof(Header);
    while (filled < size) {
        const ssize_t more = Check(recv(fd, buffer.data() + filled, buffer.size() - filled, 0), "recv");
        if (more == 0) return 0;
        filled += static_cast<size_t>(more);
        if (filled < sizeof(Header)) continue;
        std::memcpy(&size, buffer.data(), sizeof(size));
        if (buffer.size() < size) buffer.resize(size);
    }
    return size;
}

class RawClient final : public Client
{
public:
    explicit RawClient(int fd) : m_fd{fd} {}

    Call prepare(const std::string& op, size_t size) override
    {
        if (op != "echo") ThrowUnknown(op);
        const Header length = std::max(size, sizeof(Header));
        m_message.assign(length, 'x');
        std::memcpy(m_message.data(), &length, sizeof(length));
        m_reply.resize(length);
        return [this] {
            WriteAll(m_fd.get(), m_message.data(), m_message.size());
            if (ReadMessage(m_fd.get(), m_reply) != m_message.size()) throw std::runtime_error("the echo differs");
        };
    }

private:
    Fd m_fd;
    std::vector<char> m_message;
    std::vector<char> m_reply;
};

} // namespace

std::unique_ptr<Client> ConnectRaw(int fd) { return std::make_unique<RawClient>(fd); }

void ServeRaw(int fd)
{
    const Fd owner{fd};
    std::vector<char> buffer(64 * 1024);
    while (const size_t size = ReadMessage(fd, buffer)) WriteAll(fd, buffer.data(), size);
}

} // namespace bench
