#include "mp-spawn.h"

#include "bare-spawner.h"
#include "child.h"
#include "mp-loop.h"
#include "mp-server.h"
#include "service.h"

#include "mp.capnp.proxy.h"

#include <mp/util.h>
#include <stdexcept>

namespace bench {
namespace {

class MpSpawner final : public BareSpawner
{
public:
    using BareSpawner::BareSpawner;

    Call prepare(const std::string& op, size_t size) override
    {
        if (op != "spawn") return BareSpawner::prepare(op, size);
        return [this, path = SelfPath()] { spawn(path); };
    }

private:
    void spawn(const std::string& path)
    {
        const auto [pid, socket] = mp::SpawnProcess([&](const mp::SpawnConnectInfo& info) {
            return std::vector<std::string>{path, "--role", "spawned", info};
        });
        std::unique_ptr<Service> service =
            mp::ConnectStream<messages::Service>(*m_loop, mp::MakeStream(*m_loop, socket));
        if (service->addOnWorker(20, 22) != 42) throw std::runtime_error("the sum is wrong");
        service.reset();
        if (mp::WaitProcess(pid) != 0) throw std::runtime_error("the spawned server failed");
    }

    LoopThread m_loop;
};

} // namespace

std::unique_ptr<Client> MakeSpawner(size_t ballast) { return std::make_unique<MpSpawner>(ballast); }

int RunSpawnedRole(const std::string& connect_info)
{
    ServeMp(mp::StartSpawned(connect_info));
    return 0;
}

} // namespace bench
