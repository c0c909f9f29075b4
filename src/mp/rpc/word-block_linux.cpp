#include "word-block.h"

#include <cstdint>
#include <cstdlib>
#include <new>
#include <sys/mman.h>
#include <utility>

namespace mp {

namespace {
constexpr size_t HUGE_PAGE = size_t{2} << 20;
} // namespace

WordBlock::WordBlock(size_t words, Content content) : m_size(words)
{
    const size_t bytes = words * sizeof(capnp::word);
    if (bytes < HUGE_PAGE) {
        m_data = static_cast<capnp::word*>(content == Content::Zero ? calloc(1, bytes) : malloc(bytes));
        if (m_data == nullptr) throw std::bad_alloc();
        return;
    }
    // Whole huge pages, which must be aligned: what is too much is given back.
    const size_t size = (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    void* const mapping = mmap(nullptr, size + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping == MAP_FAILED) throw std::bad_alloc();
    char* const start = static_cast<char*>(mapping);
    const size_t before = (HUGE_PAGE - reinterpret_cast<uintptr_t>(start) % HUGE_PAGE) % HUGE_PAGE;
    if (before > 0) munmap(start, before);
    munmap(start + before + size, HUGE_PAGE - before);
    // Ordinary pages do too.
    madvise(start + before, size, MADV_HUGEPAGE);
    m_data = reinterpret_cast<capnp::word*>(start + before);
    m_mapped = size;
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
    if (m_mapped > 0) {
        munmap(m_data, m_mapped);
    } else {
        free(m_data);
    }
}

} // namespace mp
