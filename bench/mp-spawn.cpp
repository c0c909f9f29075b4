#include "mp-spawn.h"

#include "bare-spawner.h"
#include "child.h"
#include "mp-loop.h"
#include "mp-server.h"
#include "service.h"

#include "mp.capnp.proxy.h"

#include <cstdlib>
#include <memory>
#include <mp/c/forkserver.h>
#include <mp/c/process.h>
#include <mp/util.h>
#include <stdexcept>

namespace bench {
namespace {

void Check(int status, const mp_error& error)
{
    if (status < 0) throw std::runtime_error(error.message);
}

//! Wait for the end of a process that does nothing.
void WaitAndUnref(mp_process* process)
{
    mp_exit exit;
    mp_error error;
    const int status = mp_process_wait(process, -1, &exit, &error);
    mp_process_unref(process);
    Check(status, error);
    if (exit.how != MP_EXIT_EXITED || exit.value != 0) throw std::runtime_error("the process that does nothing failed");
}

//! Start the smallest program with such flags, and wait for its end.
void Start(uint64_t flags)
{
    const char* const argv[]{SMALLEST_PROGRAM, nullptr};
    mp_spawn_options options = MP_SPAWN_OPTIONS_INIT;
    options.argv = argv;
    options.flags = flags;
    mp_process* process;
    mp_error error;
    Check(mp_process_spawn(&options, &process, &error), error);
    WaitAndUnref(process);
}

struct CloseForkServer
{
    void operator()(mp_forkserver* server) const { mp_forkserver_close(server); }
};
using ForkServer = std::unique_ptr<mp_forkserver, CloseForkServer>;

constexpr mp_forkserver_entry NOTHING{"nothing", [](const mp_forkserver_call*) { return 0; }, nullptr};

//! As an application would: before its threads, and before it is large.
ForkServer StartForkServer()
{
    mp_forkserver_options options = MP_FORKSERVER_OPTIONS_INIT;
    options.entries = &NOTHING;
    options.n_entries = 1;
    mp_forkserver* server;
    mp_error error;
    Check(mp_forkserver_start(&options, &server, &error), error);
    return ForkServer{server};
}

//! A worker that does nothing, and its end.
void StartWorker(mp_forkserver* server)
{
    mp_fork_options options = MP_FORK_OPTIONS_INIT;
    options.entry = NOTHING.name;
    mp_process* process;
    mp_error error;
    Check(mp_forkserver_fork(server, &options, &process, nullptr, &error), error);
    WaitAndUnref(process);
}

class MpSpawner final : public BareSpawner
{
public:
    MpSpawner(ForkServer forks, size_t ballast) : BareSpawner{ballast}, m_forks{std::move(forks)} {}

    Call prepare(const std::string& op, size_t size) override
    {
        if (op == "spawn") return [this, path = SelfPath()] { spawn(path); };
        if (op == "start-ordinary") return [] { Start(0); };
        if (op == "start-private") return [] { Start(MP_SPAWN_PRIVATE); };
        if (op == "start-worker") return [this] { StartWorker(m_forks.get()); };
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

    ForkServer m_forks;
    LoopThread m_loop;
};

} // namespace

std::unique_ptr<Client> MakeSpawner(size_t ballast)
{
    // That of this build, if no other one is asked for.
    setenv("MP_SPAWN_SERVER", MP_BENCH_SPAWN_SERVER, 0);
    ForkServer forks = StartForkServer();
    return std::make_unique<MpSpawner>(std::move(forks), ballast);
}

int RunSpawnedRole(const std::string& connect_info)
{
    ServeMp(mp::StartSpawned(connect_info));
    return 0;
}

} // namespace bench
