// The two processes between which calls are measured.
#ifndef BENCH_PAIR_H
#define BENCH_PAIR_H

#include "child.h"
#include "control.h"
#include "fd.h"
#include "kind.h"
#include "shared-area.h"

#include <optional>
#include <string>
#include <vector>

namespace bench {

struct PairOptions {
    bool count_allocations{false};
    //! A command that runs the command line that follows it, with which both processes are started.
    std::vector<std::string> runner{};
};

class Pair
{
public:
    //! Starts both processes and waits until they are connected.
    explicit Pair(const std::string& kind, const PairOptions& options = {});

    //! Carries a command out. Throws std::runtime_error when a call fails, a process ends, or it takes too long.
    Reply run(const Command& command);

    //! The two halves of run(), for a caller that does something meanwhile.
    void start(const Command& command);
    Reply finish();

    //! Readable when finish() won't block.
    int controlFd() const { return m_control.get(); }
    pid_t clientPid() const { return m_client->pid(); }
    std::optional<pid_t> serverPid() const;
    const SharedArea& area() const { return *m_area; }

private:
    Reply receive();

    std::string m_name;
    SharedAreaPtr m_area;
    std::optional<Child> m_server;
    std::optional<Child> m_client;
    Fd m_control; //!< closed first: the client ends then, and the server after it
};

//! The program's main() as one process of a pair; `args` are those that Pair passes on.
int RunClientRole(const std::string& kind, bool count_allocations);
int RunServerRole(const std::string& kind, bool count_allocations);

} // namespace bench

#endif // BENCH_PAIR_H
