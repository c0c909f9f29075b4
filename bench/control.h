// How the benchmark tells a client process what to do, and what it answers: whole messages over a SOCK_SEQPACKET pair.
#ifndef BENCH_CONTROL_H
#define BENCH_CONTROL_H

#include <cstdint>
#include <string>

namespace bench {

//! Make `count` calls and time each of them.
struct Command {
    char op[24];       //!< ends with a zero
    uint64_t size;     //!< bytes of payload
    uint64_t count;    //!< calls in all; at most SharedArea::MAX_SAMPLES
    uint64_t pace_ns;  //!< from the start of one call to the start of the next; 0 to call without a pause
    uint32_t threads;  //!< that call at once, each its share
    uint32_t warm_up;  //!< calls made before by each thread, not measured; fewer when they are slow
    uint32_t in_flight; //!< calls that a thread has on their way at a time

    static Command Make(const std::string& op, uint64_t count);
};

//! Sums over all calls of one command, both processes of the pair together.
struct Reply {
    uint64_t count;
    uint64_t elapsed_ns;
    uint64_t cpu_ns;
    uint64_t allocations;
    char error[256]; //!< empty on success; then the rest is not set

    void setError(const std::string& text);
};

void SendCommand(int fd, const Command& command);
//! False at the end of the connection.
bool ReceiveCommand(int fd, Command& ret_command);

//! False when the other side has gone away.
bool SendReply(int fd, const Reply& reply);
//! False when none arrives within the time, or at the end of the connection.
bool ReceiveReply(int fd, int timeout_ms, Reply& ret_reply);

} // namespace bench

#endif // BENCH_CONTROL_H
