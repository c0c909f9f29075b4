// Listening, and connecting to that.
#ifndef MP_TEST_SUPPORT_LISTENER_H
#define MP_TEST_SUPPORT_LISTENER_H

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include <mp/c/address.h>
#include <support/spawn.h>

namespace mp::test {

struct CloseListener
{
    void operator()(mp_listener* listener) const { mp_listener_close(listener); }
};
using Listener = std::unique_ptr<mp_listener, CloseListener>;

inline int Listen(const std::string& address, Listener& listener, mp_error* error = nullptr,
                  const mp_listen_options* options = nullptr)
{
    mp_listener* made = nullptr;
    const int r = mp_listener_new(address.c_str(), options, &made, error);
    listener.reset(made);
    return r;
}

inline Listener StartListener(const std::string& address, int backlog = 0)
{
    Listener listener;
    mp_error error;
    mp_listen_options options = MP_LISTEN_OPTIONS_INIT;
    options.backlog = backlog;
    EXPECT_EQ(Listen(address, listener, &error, &options), 0) << error.message;
    return listener;
}

inline int Connect(const std::string& address, Socket& socket, int timeout_ms = DEADLINE_MS, mp_error* error = nullptr)
{
    mp_socket made = MP_SOCKET_INVALID;
    const int r = mp_socket_connect(address.c_str(), timeout_ms, &made, error);
    socket = Socket(made);
    return r;
}

inline Socket StartConnection(const std::string& address)
{
    Socket socket;
    mp_error error;
    EXPECT_EQ(Connect(address, socket, DEADLINE_MS, &error), 0) << error.message;
    return socket;
}

//! That a connection can be made, and bytes go both ways.
inline void ExpectServed(const Listener& listener, const std::string& address)
{
    const Socket client = StartConnection(address);
    ASSERT_TRUE(WaitReadable(mp_listener_socket(listener.get())));
    const Socket server(Accept(mp_listener_socket(listener.get())));
    char byte = 0;
    EXPECT_EQ(Send(client.get(), "x", 1), 1);
    EXPECT_EQ(Receive(server.get(), &byte, 1), 1);
    EXPECT_EQ(byte, 'x');
    EXPECT_EQ(Send(server.get(), "y", 1), 1);
    EXPECT_EQ(Receive(client.get(), &byte, 1), 1);
    EXPECT_EQ(byte, 'y');
}

} // namespace mp::test

#endif // MP_TEST_SUPPORT_LISTENER_H
