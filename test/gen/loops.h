#ifndef MP_TEST_GEN_LOOPS_H
#define MP_TEST_GEN_LOOPS_H

#include <future>
#include <gtest/gtest.h>
#include <mp/proxy-io.h>
#include <string>
#include <sys/socket.h>
#include <thread>

namespace mp::test {

//! A client and a server of an interface in this process, each with an event loop on a thread of its own. Impl is the
//! server's object.
template <typename Interface, typename Impl>
class LoopsTest : public testing::Test
{
protected:
    LoopsTest()
    {
        int sockets[2];
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) throw std::runtime_error("socketpair");
        m_server_thread = std::thread([this, socket = sockets[0]] {
            EventLoop loop("server", LogFn());
            {
                // Until the connection keeps the loop going.
                const EventLoopRef ref(loop);
                ServeStream<Interface>(loop, MakeStream(loop, socket), m_local);
            }
            loop.loop();
        });
        std::promise<EventLoop*> started;
        m_client_thread = std::thread([&started] {
            EventLoop loop("client", [](LogMessage message) {
                if (message.level == Log::Raise) throw std::runtime_error(message.message);
            });
            started.set_value(&loop);
            loop.loop();
        });
        EventLoop& loop = *started.get_future().get();
        const EventLoopRef ref(loop);
        m_client = ConnectStream<Interface>(loop, MakeStream(loop, sockets[1]));
    }
    ~LoopsTest() override
    {
        m_client.reset();
        m_client_thread.join();
        m_server_thread.join();
    }

    //! What the caller of a failing method gets.
    template <typename Fn>
    static std::string failure(Fn&& fn)
    {
        try {
            fn();
        } catch (const std::exception& e) {
            return e.what();
        }
        return "";
    }

    Impl m_local;
    std::thread m_server_thread;
    std::thread m_client_thread;
    std::unique_ptr<ProxyClient<Interface>> m_client;
};

} // namespace mp::test

#endif // MP_TEST_GEN_LOOPS_H
