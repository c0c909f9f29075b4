#include "raw.h"

#include "check.h"
#include "fd.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <utility>
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

//! Takes messages off a stream, which may have brought several at once.
class MessageReader
{
public:
    explicit MessageReader(int fd) : m_fd{fd} {}

    //! The next message, valid until the one after it is asked for; empty at the end of the connection.
    std::string_view next()
    {
        m_begin += m_taken;
        m_taken = 0;
        if (m_begin == m_end) m_begin = m_end = 0;
        Header size = sizeof(Header);
        for (;;) {
            if (m_end - m_begin >= sizeof(Header)) std::memcpy(&size, m_buffer.data() + m_begin, sizeof(size));
            if (m_end - m_begin >= size) break;
            makeRoom(size);
            const ssize_t more = Check(recv(m_fd, m_buffer.data() + m_end, m_buffer.size() - m_end, 0), "recv");
            if (more == 0) return {};
            m_end += static_cast<size_t>(more);
        }
        m_taken = size;
        return {m_buffer.data() + m_begin, size};
    }

private:
    //! For a message of this size that begins where the last one ended.
    void makeRoom(size_t size)
    {
        if (m_buffer.size() - m_begin >= size) return;
        std::memmove(m_buffer.data(), m_buffer.data() + m_begin, m_end - m_begin);
        m_end -= std::exchange(m_begin, 0);
        if (m_buffer.size() < size) m_buffer.resize(size);
    }

    int m_fd;
    std::vector<char> m_buffer = std::vector<char>(64 * 1024);
    size_t m_begin{0};
    size_t m_end{0};
    size_t m_taken{0}; //!< size of the message that was asked for last
};

class RawClient final : public Client
{
public:
    explicit RawClient(int fd) : m_fd{fd} {}

    Call prepare(const std::string& op, size_t size) override
    {
        if (op == "sleep") return [] { std::this_thread::sleep_for(DEADLINE); };
        return prepareInFlight(op, size, 1);
    }

    //! All that is in flight must fit into the socket's buffers: the server doesn't read while it writes.
    Call prepareInFlight(const std::string& op, size_t size, unsigned in_flight) override
    {
        if (op != "echo") ThrowUnknown(op);
        const Header length = std::max(size, sizeof(Header));
        m_message.assign(length, 'x');
        std::memcpy(m_message.data(), &length, sizeof(length));
        return [this, in_flight] {
            WriteAll(m_fd.get(), m_message.data(), m_message.size());
            if (++m_unanswered == in_flight) receive();
        };
    }

    void finishInFlight() override
    {
        while (m_unanswered > 0) receive();
    }

private:
    void receive()
    {
        if (m_replies.next().size() != m_message.size()) throw std::runtime_error("the echo differs");
        --m_unanswered;
    }

    Fd m_fd;
    MessageReader m_replies{m_fd.get()};
    std::vector<char> m_message;
    unsigned m_unanswered{0};
};

} // namespace

std::unique_ptr<Client> ConnectRaw(int fd) { return std::make_unique<RawClient>(fd); }

void ServeRaw(int fd)
{
    const Fd owner{fd};
    MessageReader messages{fd};
    for (std::string_view message; !(message = messages.next()).empty();) {
        WriteAll(fd, message.data(), message.size());
    }
}

} // namespace bench
