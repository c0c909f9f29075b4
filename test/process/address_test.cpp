#include <cerrno>

#include <gtest/gtest.h>

#include <support/listener.h>

namespace mp::test {
namespace {

void ExpectRefused(const std::string& address, int status, const std::string& why)
{
    SCOPED_TRACE(address);
    mp_error error;
    Listener listener;
    EXPECT_EQ(Listen(address, listener, &error), status);
    EXPECT_EQ(error.stage, MP_STAGE_ADDRESS);
    EXPECT_EQ(error.message, "listen on '" + address + "': " + why);
    Socket socket;
    EXPECT_EQ(Connect(address, socket, 0, &error), status);
    EXPECT_EQ(error.message, "connect to '" + address + "': " + why);
}

TEST(Address, SaysWhatIsWrong)
{
    for (const char* address : {"", "/run/app.sock", "unix", "UNIX:x", "udp:host:1"}) {
        ExpectRefused(address, MP_EINVAL, "neither unix:, unix-abstract:, tcp: nor fd:");
    }
    for (const char* address : {"unix:", "unix-abstract:", "tcp:", "fd:"}) {
        ExpectRefused(address, MP_EINVAL, "nothing follows the colon");
    }
    for (const char* address : {"tcp:host", "tcp:host:", "tcp:host:x", "tcp:host:1x", "tcp:host:-1", "tcp:host:65536",
                                "tcp:host:000001", "tcp:[::1]", "tcp:[::1]80"}) {
        ExpectRefused(address, MP_EINVAL, "no HOST:PORT with a port from 0 to 65535");
    }
    for (const char* address : {"tcp::80", "tcp:[]:80"}) {
        ExpectRefused(address, MP_EINVAL, "no host, or too long a one");
    }
    for (const char* address : {"tcp:::1:80", "tcp:[host]:80", "tcp:a:b:80", "tcp:[::1:80"}) {
        ExpectRefused(address, MP_EINVAL, "IPv6 addresses, and they only, are in brackets");
    }
    ExpectRefused("tls:host:1", MP_ENOTSUP, "TLS needs certificates, which only RPC connections have");
}

TEST(Address, HasATailInMessages)
{
    Listener listener;
    mp_error error;
    EXPECT_EQ(Listen("tcp:" + std::string(300, 'h') + ":1", listener, &error), MP_EINVAL);
    EXPECT_EQ(error.message, "listen on '..." + std::string(43, 'h') + ":1': no host, or too long a one");
}

TEST(Address, ThatIsOnlyForListeningIsNotConnectedTo)
{
    for (const char* address : {"fd:3", "tcp:*:80", "tcp:127.0.0.1:0"}) {
        Socket socket;
        mp_error error;
        EXPECT_EQ(Connect(address, socket, 0, &error), MP_EINVAL);
        EXPECT_EQ(error.message, "connect to '" + std::string(address) + "': an address only to listen on");
    }
}

TEST(Address, RefusesNullAndUnknownOptions)
{
    mp_error error;
    mp_listener* listener = nullptr;
    mp_socket socket;
    mp_listen_options options = MP_LISTEN_OPTIONS_INIT;
    EXPECT_EQ(mp_listener_new(nullptr, nullptr, &listener, &error), MP_EINVAL);
    EXPECT_EQ(mp_listener_new("tcp:127.0.0.1:0", nullptr, nullptr, &error), MP_EINVAL);
    EXPECT_EQ(mp_socket_connect(nullptr, 0, &socket, &error), MP_EINVAL);
    EXPECT_EQ(mp_socket_connect("tcp:127.0.0.1:1", 0, nullptr, &error), MP_EINVAL);
    EXPECT_EQ(mp_socket_connect("tcp:127.0.0.1:1", -2, &socket, &error), MP_EINVAL);
    options.mode = 01000;
    EXPECT_EQ(mp_listener_new("tcp:127.0.0.1:0", &options, &listener, &error), MP_EINVAL);
    options = MP_LISTEN_OPTIONS_INIT;
    options.backlog = -1;
    EXPECT_EQ(mp_listener_new("tcp:127.0.0.1:0", &options, &listener, &error), MP_EINVAL);
    options.size = 4;
    EXPECT_EQ(mp_listener_new("tcp:127.0.0.1:0", &options, &listener, &error), MP_EINVAL);
    struct
    {
        mp_listen_options known = MP_LISTEN_OPTIONS_INIT;
        int later = 1;
    } longer;
    longer.known.size = sizeof(longer);
    EXPECT_EQ(mp_listener_new("tcp:127.0.0.1:0", &longer.known, &listener, &error), MP_E2BIG);
    EXPECT_EQ(listener, nullptr);
    EXPECT_EQ(mp_listener_socket(nullptr), MP_SOCKET_INVALID);
    EXPECT_EQ(mp_listener_address(nullptr), nullptr);
    EXPECT_EQ(mp_listener_close(nullptr), nullptr);
}

TEST(Tcp, ListensWhereTheSystemChoosesAndTellsWhere)
{
    for (const char* host : {"127.0.0.1", "localhost", "*"}) {
        SCOPED_TRACE(host);
        const Listener listener = StartListener("tcp:" + std::string(host) + ":0");
        const std::string address = mp_listener_address(listener.get());
        const std::string port = address.substr(address.rfind(':'));
        EXPECT_EQ(address.rfind("tcp:", 0), 0U);
        EXPECT_NE(port, ":0");
        if (host[0] == '1') {
            EXPECT_EQ(address, "tcp:127.0.0.1" + port);
        }
        ExpectServed(listener, host[0] == '*' ? "tcp:127.0.0.1" + port : address);
    }
}

TEST(Tcp, IsRefusedWhereSomebodyListensAlready)
{
    const Listener listener = StartListener("tcp:127.0.0.1:0");
    const std::string address = mp_listener_address(listener.get());
    Listener second;
    mp_error error;
    EXPECT_EQ(Listen(address, second, &error), MP_EADDRINUSE);
    EXPECT_EQ(error.message, "listen on '" + address + "': Address already in use");
    ExpectServed(listener, address);
}

TEST(Tcp, IsFreeAtOnceAfterTheListenerIsClosed)
{
    Listener listener = StartListener("tcp:127.0.0.1:0");
    const std::string address = mp_listener_address(listener.get());
    Socket client = StartConnection(address);
    Socket server(Accept(mp_listener_socket(listener.get())));
    server.Close(); // the side that closes first is the one that remembers
    char byte;
    EXPECT_EQ(Receive(client.get(), &byte, 1), 0);
    client.Close();
    listener.reset();
    Socket late;
    mp_error error;
    EXPECT_EQ(Connect(address, late, DEADLINE_MS, &error), MP_ECONNREFUSED);
    EXPECT_EQ(error.message, "connect to '" + address + "': Connection refused");
    listener = StartListener(address);
    ExpectServed(listener, address);
}

TEST(Tcp, ConnectionsOutliveTheListener)
{
    Listener listener = StartListener("tcp:127.0.0.1:0");
    const Socket client = StartConnection(mp_listener_address(listener.get()));
    const Socket server(Accept(mp_listener_socket(listener.get())));
    listener.reset();
    char byte = 0;
    EXPECT_EQ(Send(client.get(), "x", 1), 1);
    EXPECT_EQ(Receive(server.get(), &byte, 1), 1);
}

TEST(Tcp, DoesNotListenOnAnotherMachine)
{
    Listener listener;
    mp_error error;
    EXPECT_EQ(Listen("tcp:192.0.2.1:0", listener, &error), MP_EADDRNOTAVAIL);
    EXPECT_STREQ(error.message, "listen on 'tcp:192.0.2.1:0': Cannot assign requested address");
}

} // namespace
} // namespace mp::test
