#include "word-block.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

namespace mp {

namespace {
constexpr size_t HUGE_PAGE = size_t{2} << 20;
//! From here on malloc too would map each block anew and give it back, until the application has freed a larger one.
constexpr size_t MIN_MAPPED = size_t{128} << 10;

//! Whole pages, and huge ones for a large block.
void* Map(size_t size)
{
    const bool huge = size >= HUGE_PAGE;
    const size_t room = huge ? size + HUGE_PAGE : size;
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | (huge ? 0 : MAP_POPULATE);
    void* const mapping = mmap(nullptr, room, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (mapping == MAP_FAILED) throw std::bad_alloc();
    if (!huge) return mapping;
    // Huge pages are aligned: what is too much is given back.
    char* const start = static_cast<char*>(mapping);
    const size_t before = (HUGE_PAGE - reinterpret_cast<uintptr_t>(start) % HUGE_PAGE) % HUGE_PAGE;
    if (before > 0) munmap(start, before);
    munmap(start + before + size, HUGE_PAGE - before);
    // Ordinary pages do too.
    madvise(start + before, size, MADV_HUGEPAGE);
    return start + before;
}

//! Mappings for the next messages. The kernel may take huge pages among them when it needs them. Nobody waits here: in a
//! forked process the mutex may be locked for ever.
class FreeMappings
{
public:
    struct Mapping
    {
        void* data{nullptr};
        size_t size{0};
    };

    //! @return the smallest that is large enough, if there is one of at most twice the size
    Mapping take(size_t size)
    {
        const std::unique_lock lock(m_mutex, std::try_to_lock);
        if (!lock) return {};
        Mapping* best = nullptr;
        for (Mapping& mapping : m_mappings) {
            if (mapping.size < size || mapping.size / 2 > size) continue;
            if (best == nullptr || mapping.size < best->size) best = &mapping;
        }
        if (best == nullptr) return {};
        m_bytes -= best->size;
        return std::exchange(*best, {});
    }

    //! Older ones go where there are too many: what messages need may have changed.
    //! @return false if it can't be kept
    bool keep(Mapping mapping)
    {
        if (mapping.size > MAX_BYTES) return false;
        // For ordinary pages this takes too long.
        if (mapping.size >= HUGE_PAGE && madvise(mapping.data, mapping.size, MADV_FREE) != 0) return false;
        const std::unique_lock lock(m_mutex, std::try_to_lock);
        if (!lock) return false;
        Mapping* place = nullptr;
        for (Mapping& other : m_mappings) {
            if (other.size == 0) place = &other;
        }
        while (place == nullptr || m_bytes + mapping.size > MAX_BYTES) {
            place = &m_mappings[m_next++ % MAX_COUNT];
            if (place->size > 0) munmap(place->data, place->size);
            m_bytes -= place->size;
            *place = {};
        }
        m_bytes += mapping.size;
        *place = mapping;
        return true;
    }

private:
    static constexpr size_t MAX_BYTES = size_t{32} << 20;
    static constexpr size_t MAX_COUNT = 16;

    //! Guards the rest.
    std::mutex m_mutex;
    Mapping m_mappings[MAX_COUNT];
    size_t m_bytes{0};
    //! The one that goes next.
    size_t m_next{0};
};

constinit FreeMappings g_free;
} // namespace

WordBlock::WordBlock(size_t words, Content content) : m_size(words)
{
    const size_t bytes = words * sizeof(capnp::word);
    if (bytes < MIN_MAPPED) {
        m_data = static_cast<capnp::word*>(content == Content::Zero ? calloc(1, bytes) : malloc(bytes));
        if (m_data == nullptr) throw std::bad_alloc();
        return;
    }
    const size_t page = bytes < HUGE_PAGE ? static_cast<size_t>(sysconf(_SC_PAGESIZE)) : HUGE_PAGE;
    const size_t size = (bytes + page - 1) / page * page;
    const FreeMappings::Mapping reused = g_free.take(size);
    if (reused.data == nullptr) {
        m_data = static_cast<capnp::word*>(Map(size));
        m_mapped = size;
        return;
    }
    m_data = static_cast<capnp::word*>(reused.data);
    m_mapped = reused.size;
    if (content == Content::Zero) memset(static_cast<void*>(m_data), 0, bytes);
}

WordBlock::WordBlock(WordBlock&& other) noexcept
    : m_data(std::exchange(other.m_data, nullptr)), m_size(std::exchange(other.m_size, 0)),
      m_mapped(std::exchange(other.m_mapped, 0))
{
}

WordBlock& WordBlock::operator=(WordBlock&& other) noexcept
{
    std::swap(m_data, other.m_data);
    std::swap(m_size, other.m_size);
    std::swap(m_mapped, other.m_mapped);
    return *this;
}

WordBlock::~WordBlock()
{
    if (m_mapped == 0) {
        free(m_data);
    } else if (!g_free.keep({m_data, m_mapped})) {
        munmap(m_data, m_mapped);
    }
}

} // namespace mp
