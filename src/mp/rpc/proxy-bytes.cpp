#include <mp/proxy-bytes.h>

namespace mp::detail {

namespace {
thread_local bool g_overwrites{false};
} // namespace

bool Overwrites::active() { return g_overwrites; }

void Overwrites::set(bool active) { g_overwrites = active; }

} // namespace mp::detail
