// What a call must leave as it found it: open descriptors, signal mask and dispositions, children, threads.
#ifndef MP_TEST_SUPPORT_PROCESS_STATE_H
#define MP_TEST_SUPPORT_PROCESS_STATE_H

#include <map>
#include <ostream>
#include <set>
#include <string>

namespace mp::test {

struct ProcessState
{
    std::map<int, std::string> descriptors; // number, what it refers to
    std::set<int> children;                 // running or zombies
    std::set<int> blocked;                  // signals of the calling thread
    std::set<int> handled;                  // signals whose disposition is not the default
    int threads = 0;

    static ProcessState Now();
    //! Now(), once it equals this state, or after a deadline: library threads may still be ending.
    ProcessState NowSettled() const;

    bool operator==(const ProcessState&) const = default;
};

std::ostream& operator<<(std::ostream& out, const ProcessState& state);

//! Returns when this process has no more threads than this, or after a deadline: the system counts a joined thread
//! for a moment.
void WaitForThreads(int most);

//! waitpid() that no signal interrupts. Where there is such a call.
int WaitPid(int pid, int* status, int options);
//! Waits until this child is a zombie, and leaves it one. False on errors. Where there is such a thing.
bool WaitZombie(int pid);

//! Ends a process in which a death test's statement runs: 0 if nothing has failed there. What has is printed.
[[noreturn]] void ExitWithResult();

//! What a child program prints that is started in the naive way: fork and exec.
std::string NaiveOutputOf(const std::string& program);

//! Children of this process, zombies included.
std::set<int> Children();
//! What each open descriptor of this process refers to.
std::map<int, std::string> Descriptors();

} // namespace mp::test

#endif // MP_TEST_SUPPORT_PROCESS_STATE_H
