// Both ends of a connection in one process.

#include "init.h"
#include "src/init.capnp.h"
#include "src/init.capnp.proxy-types.h"
#include "src/plain.capnp.h"

#include <capnp/message.h>
#include <future>
#include <mp/proxy-types.h>
#include <stdexcept>
#include <thread>

#ifndef PARENT_OPTIONS
#error "what the library was given doesn't reach its users"
#endif

namespace {

class LeftItem : public left::Item
{
    std::string name() override { return "glove"; }
};

class RightItem : public right::Item
{
    std::string name(bool plural) override { return plural ? "gloves" : "glove"; }
};

class InitImpl : public Init
{
    std::unique_ptr<left::Item> makeLeft() override { return std::make_unique<LeftItem>(); }
    std::unique_ptr<right::Item> makeRight() override { return std::make_unique<RightItem>(); }
};

void Log(mp::LogMessage message)
{
    if (message.level == mp::Log::Raise) throw std::runtime_error(message.message);
}

} // namespace

int main()
{
    InitImpl impl;
    std::promise<std::unique_ptr<Init>> connected;
    std::thread thread([&] {
        mp::EventLoop loop("app", Log);
        const auto sockets = mp::SocketPair();
        mp::ServeStream<messages::Init>(loop, mp::MakeStream(loop, sockets[0]), impl);
        std::thread connecting([&loop, &connected, socket = sockets[1]] {
            connected.set_value(mp::ConnectStream<messages::Init>(loop, mp::MakeStream(loop, socket)));
        });
        loop.loop();
        connecting.join();
    });
    bool good;
    {
        const auto init = connected.get_future().get();
        good = init->makeLeft()->name() == "glove" && init->makeRight()->name(true) == "gloves";
    }
    thread.join();
    capnp::MallocMessageBuilder message;
    return good && message.initRoot<messages::Plain>().getNumber() == 42 ? 0 : 1;
}
