#include "sleep-word.h"

#include "time-left.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace mp {

static_assert(SleepWord::is_always_lock_free && sizeof(SleepWord) == sizeof(uint32_t));

void SleepOn(const SleepWord& word, const std::chrono::steady_clock::time_point* deadline) noexcept
{
    // It fails when the word is 0 already, on a signal, or late.
    if (deadline == nullptr) {
        syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 1, nullptr, nullptr, 0);
        return;
    }
    const timespec time = TimeLeft(*deadline);
    syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 1, &time, nullptr, 0);
}

void Wake(const SleepWord& word) noexcept
{
    // Only the address counts. If another futex is there now, its user sees an early wake-up, which futexes allow.
    syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

} // namespace mp
