#include "kind.h"

#include "mp-client.h"
#include "mp-server.h"
#include "mp-spawn.h"
#include "plain.h"
#include "raw.h"

#include <stdexcept>

namespace bench {
namespace {

constexpr size_t LARGE_PARENT{size_t{2} << 30};

std::unique_ptr<Client> StartSpawner(int) { return MakeSpawner(0); }
std::unique_ptr<Client> StartLargeSpawner(int) { return MakeSpawner(LARGE_PARENT); }

constexpr Kind KINDS[]{
    {"raw", Link::socketpair, ConnectRaw, ServeRaw},
    {"plain", Link::socketpair, ConnectPlain, ServePlain},
    {"plain-listener", Link::listener, ConnectPlainListener, ServePlainListener},
    {"mp", Link::socketpair, ConnectMp, ServeMp},
    {"mp-listener", Link::listener, ConnectMpListener, ServeMpListener},
    {"mp-crowd", Link::listener, ConnectMpCrowd, ServeMpCrowd},
    {"spawner", Link::none, StartSpawner, nullptr},
    {"spawner-2g", Link::none, StartLargeSpawner, nullptr},
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
