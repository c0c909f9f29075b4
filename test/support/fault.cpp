#include <support/fault.h>

#include <atomic>
#include <cerrno>
#include <cstring>
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

bool Hit(const char* name)
{
    const char* entry = g_entry;
    if (entry != nullptr && std::strcmp(entry, name) != 0) return false;
    if (++g_calls != g_nth) return false;
    g_failed = name;
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
    g_nth = nth;
}

Fault::~Fault()
{
    g_nth = 0;
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
