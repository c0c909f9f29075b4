// What is compared when the cost of a call is counted: a call of ours on a worker thread with the plainest call there is.
#ifndef BENCH_SUBJECT_H
#define BENCH_SUBJECT_H

#include "control.h"

namespace bench {

struct Subject {
    const char* kind;
    const char* op;

    Command command(uint64_t calls) const
    {
        Command command = Command::Make(op, calls);
        command.warm_up = 200;
        return command;
    }
};
constexpr Subject OURS{"mp", "worker"};
constexpr Subject PLAIN{"plain", "add"};

} // namespace bench

#endif // BENCH_SUBJECT_H
