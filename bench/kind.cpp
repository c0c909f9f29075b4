#include "kind.h"

#include "mp-client.h"
#include "mp-server.h"
#include "mp-spawn.h"
#include "plain.h"
#include "raw.h"

#include <stdexcept>

namespace bench {
namespace {

constexpr size_t MIB{size_t{1} << 20};

template <size_t ballast>
std::unique_ptr<Client> StartSpawner(int)
{
    return MakeSpawner(ballast);
}

constexpr Kind KINDS[]{
    {"raw", Link::socketpair, ConnectRaw, ServeRaw},
    {"plain", Link::socketpair, ConnectPlain, ServePlain},
    {"plain-listener", Link::listener, ConnectPlainListener, ServePlainListener},
    {"mp", Link::socketpair, ConnectMp, ServeMp},
    {"mp-listener", Link::listener, ConnectMpListener, ServeMpListener},
    {"mp-crowd", Link::listener, ConnectMpCrowd, ServeMpCrowd},
    {"spawner", Link::none, StartSpawner<0>, nullptr},
    {"spawner-10m", Link::none, StartSpawner<10 * MIB>, nullptr},
    {"spawner-512m", Link::none, StartSpawner<512 * MIB>, nullptr},
    {"spawner-1g", Link::none, StartSpawner<1024 * MIB>, nullptr},
    {"spawner-2g", Link::none, StartSpawner<2048 * MIB>, nullptr},
    {"spawner-4g", Link::none, StartSpawner<4096 * MIB>, nullptr},
};

} // namespace

const Kind& FindKind(const std::string& name)
{
    for (const Kind& kind : KINDS) {
        if (name == kind.name) return kind;
    }
    throw std::invalid_argument("there is no kind '" + name + "'");
}

} // namespace bench
