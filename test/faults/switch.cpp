#include <faults/switch.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <unistd.h>

namespace mp::test {
namespace {

Fault FromEnvironment()
{
    const char* const wanted = std::getenv("MP_FAULT");
    if (wanted == nullptr) return Fault::None;
#define MP_FAULT_NAME(name) \
    if (std::string_view(wanted) == #name) return Fault::name;
#include <faults/names.inc>
#undef MP_FAULT_NAME
    std::fprintf(stderr, "MP_FAULT: there is no fault '%s'\n", wanted);
    _exit(2);
}

} // namespace

const Fault g_fault = FromEnvironment();

} // namespace mp::test
