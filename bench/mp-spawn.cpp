#include "mp-spawn.h"

#include "bare-spawner.h"
#include "child.h"
#include "mp-loop.h"
#include "mp-server.h"
#include "service.h"

#include "mp.capnp.proxy.h"

#include <cstdlib>
#include <mp/c/process.h>
#include <mp/util.h>
#include <stdexcept>

namespace bench {
namespace {

//! Start the smallest program with such flags, and wait for its end.
void Start(uint64_t flags)
{
    const char* const argv[]{SMALLEST_PROGRAM, nullptr};
    mp_spawn_options options = MP_SPAWN_OPTIONS_INIT;
    options.argv = argv;
    options.flags = flags;
    mp_process* process;
    mp_error error;
    if (mp_process_spawn(&options, &process, &error) < 0) throw std::runtime_error(error.message);
    mp_exit exit;
    const int status = mp_process_wait(process, -1, &exit, &error);
    mp_process_unref(process);
    if (status < 0) throw std::runtime_error(error.message);
    if (exit.how != MP_EXIT_EXITED || exit.value != 0) throw std::runtime_error("the smallest program failed");
}

class MpSpawner final : public BareSpawner
{
public:
    using BareSpawner::BareSpawner;

    Call prepare(const std::string& op, size_t size) override
    {
        if (op == "spawn") return [this, path = SelfPath()] { spawn(path); };
        if (op == "start-ordinary") return [] { Start(0); };
        if (op == "start-private") return [] { Start(MP_SPAWN_PRIVATE); };
        return BareSpawner::prepare(op, size);
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

std::unique_ptr<Client> MakeSpawner(size_t ballast)
{
    // That of this build, if no other one is asked for.
    setenv("MP_SPAWN_SERVER", MP_BENCH_SPAWN_SERVER, 0);
    return std::make_unique<MpSpawner>(ballast);
}

int RunSpawnedRole(const std::string& connect_info)
{
    ServeMp(mp::StartSpawned(connect_info));
    return 0;
}

} // namespace bench
