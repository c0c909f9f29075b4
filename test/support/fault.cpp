#include <support/fault.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>
#include <sys/mman.h>
#include <type_traits>

#include <mp/process/sys.h>

namespace mp::test {
namespace {

struct mp_priv_sys g_real;
std::atomic<int> g_calls{0};
std::atomic<const char*> g_failed{nullptr};
std::atomic<const char*> g_entry{nullptr};
std::atomic<int> g_nth{0};
std::atomic<int> g_err{0};

//! Of this process and those that are forked while a fault is set: one call fails in all of them.
struct Shared
{
    std::atomic<int> calls{0};
    std::atomic<bool> has_hit{false};
};
Shared* g_shared;

bool Hit(const char* name)
{
    const char* entry = g_entry;
    if (entry != nullptr && std::strcmp(entry, name) != 0) return false;
    ++g_calls;
    if (g_nth == 0 || ++g_shared->calls != g_nth) return false;
    g_failed = name;
    g_shared->has_hit = true;
    errno = g_err;
    return true;
}

template <typename T>
T Failure()
{
    if constexpr (std::is_pointer_v<T>) {
        return nullptr;
    } else {
        return -1;
    }
}

#define FAULT_WRAPPER(type, name, parameters, arguments) \
    type Wrap_##name parameters { return Hit(#name) ? Failure<type>() : g_real.name arguments; }
MP_PRIV_SYS_MAP(FAULT_WRAPPER)
#undef FAULT_WRAPPER

} // namespace

void Fault::Install()
{
    void* shared = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) std::abort();
    g_shared = new (shared) Shared;
    g_real = mp_priv_sys;
#define FAULT_INSTALL(type, name, parameters, arguments) mp_priv_sys.name = Wrap_##name;
    MP_PRIV_SYS_MAP(FAULT_INSTALL)
#undef FAULT_INSTALL
}

Fault::Fault(int nth, int err) : Fault(nullptr, nth, err) {}

Fault::Fault(const char* entry, int nth, int err)
{
    g_entry = entry;
    g_failed = nullptr;
    g_err = err;
    g_calls = 0;
    g_shared->calls = 0;
    g_shared->has_hit = false;
    g_nth = nth;
}

Fault::~Fault()
{
    g_nth = 0;
}

bool Fault::has_hit()
{
    return g_shared->has_hit;
}

int Fault::calls()
{
    return g_calls;
}

std::string Fault::failed_call()
{
    const char* name = g_failed;
    return name == nullptr ? "" : name;
}

} // namespace mp::test
