// Failing system calls of the process layer on purpose, and counting them.
#ifndef MP_TEST_SUPPORT_FAULT_H
#define MP_TEST_SUPPORT_FAULT_H

#include <string>

namespace mp::test {

//! While it lives, calls through the library's table are counted, and the nth one (from 1; 0: none)
//! fails with an errno. One at a time.
class Fault
{
public:
    //! Put the counting wrappers in place. Once, before any thread of the library runs.
    static void Install();

    Fault(int nth, int err);
    //! Only calls of one entry of the table count.
    Fault(const char* entry, int nth, int err);
    ~Fault();
    Fault(const Fault&) = delete;
    Fault& operator=(const Fault&) = delete;

    //! Whether the last one did, in this process or one that was forked meanwhile.
    static bool has_hit();
    static int calls();              // so far
    static std::string failed_call(); // name of the entry that failed; empty if none did
};

} // namespace mp::test

#endif // MP_TEST_SUPPORT_FAULT_H
