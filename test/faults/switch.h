// Which fault of README.md is switched on in this process.
#ifndef MP_TEST_FAULTS_SWITCH_H
#define MP_TEST_FAULTS_SWITCH_H

namespace mp::test {

#define MP_FAULT_NAME(name) name,
enum class Fault {
    None,
#include <faults/names.inc>
};
#undef MP_FAULT_NAME

extern const Fault g_fault;

} // namespace mp::test

#endif // MP_TEST_FAULTS_SWITCH_H
