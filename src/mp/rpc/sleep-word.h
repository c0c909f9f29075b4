#ifndef MP_RPC_SLEEP_WORD_H
#define MP_RPC_SLEEP_WORD_H

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace mp {

//! Where one thread sleeps until it is woken: 1 while it does, or is about to.
using SleepWord = std::atomic<uint32_t>;

//! Sleep while the word is 1. May return early.
//! @param deadline  null: for ever
void SleepOn(const SleepWord& word, const std::chrono::steady_clock::time_point* deadline = nullptr) noexcept;

//! Wake the thread that sleeps there. The word is 0 already, and may be gone: who sees that he needn't sleep may end.
void Wake(const SleepWord& word) noexcept;

//! Threads to wake. One thread at a time uses it, but any may perform it.
class WakeUps
{
public:
    WakeUps() = default;
    //! Those of another one, which has none then.
    WakeUps(WakeUps&& other) noexcept
    {
        for (; m_count < other.m_count; ++m_count) m_words[m_count] = other.m_words[m_count].exchange(nullptr);
        other.m_count = 0;
    }
    WakeUps& operator=(WakeUps&&) = delete;

    void add(const SleepWord& word) noexcept
    {
        if (m_count == m_words.size()) {
            perform();
            m_count = 0;
        }
        m_words[m_count++].store(&word);
    }
    void perform() noexcept
    {
        for (std::atomic<const SleepWord*>& entry : m_words) {
            if (entry.load() == nullptr) continue;
            if (const SleepWord* const word = entry.exchange(nullptr)) Wake(*word);
        }
    }

private:
    std::array<std::atomic<const SleepWord*>, 16> m_words{};
    size_t m_count{0};
};

} // namespace mp

#endif // MP_RPC_SLEEP_WORD_H
