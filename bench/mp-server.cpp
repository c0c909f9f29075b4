#include "mp-server.h"

#include "listener.h"
#include "mp-loop.h"
#include "service.h"

#include "mp.capnp.proxy.h"

#include <mp/current-call.h>

namespace bench {
namespace {

class LocalService final : public Service
{
    int32_t addOnLoop(int32_t a, int32_t b) override { return a + b; }
    int32_t addOnWorker(int32_t a, int32_t b) override { return a + b; }
    int32_t addByCallback(Adder& adder, int32_t a, int32_t b) override { return adder.add(a, b); }
    Record echoRecord(Record record) override { return record; }
    Bytes echoBytes(Bytes bytes) override { return bytes; }
    void waitCancelled() override
    {
        while (!mp::CurrentCall().waitCancelled(std::chrono::seconds{1})) {}
    }
};

} // namespace

void ServeMp(int fd)
{
    LocalService service;
    mp::EventLoop loop{"mpbench", QuietLog()};
    mp::ServeStream<messages::Service>(loop, mp::MakeStream(loop, fd), service);
    loop.loop();
}

void ServeMpCrowd(int fd)
{
    AllowCrowd();
    ServeMpListener(fd);
}

void ServeMpListener(int fd)
{
    LocalService service;
    mp::EventLoop loop{"mpbench", QuietLog()};
    mp::ListenConnections<messages::Service>(loop, fd, service);
    loop.loop();
}

} // namespace bench
