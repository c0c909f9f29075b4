#ifndef MP_RPC_FAULT_H
#define MP_RPC_FAULT_H

//! MP_FAULT(Name): whether to make a mistake here. Never, but in test/faults, which shows that the tests would notice.
#ifdef MP_TEST_FAULTS
#include <faults/switch.h>
#define MP_FAULT(name) (::mp::test::g_fault == ::mp::test::Fault::name)
#else
namespace mp {
inline constexpr bool NO_FAULT = false; // a name, since clang-tidy takes a literal in a condition for a mistake
}
#define MP_FAULT(name) ::mp::NO_FAULT
#endif

#endif // MP_RPC_FAULT_H
