#include "heap.h"

#include <cerrno>
#include <cstddef>
#include <cstdlib>

// The program's own malloc family stands in front of glibc's, for the program and for every shared library that it
// loads; operator new ends up here too. Sanitizers bring an allocator of their own, which must stay in place.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
#define BENCH_COUNT_HEAP 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define BENCH_COUNT_HEAP 0
#endif
#endif
#ifndef BENCH_COUNT_HEAP
#define BENCH_COUNT_HEAP 1
#endif

namespace bench {
namespace {

std::atomic<std::atomic<uint64_t>*> g_counter{nullptr};

#if BENCH_COUNT_HEAP
void CountOne()
{
    if (std::atomic<uint64_t>* counter = g_counter.load(std::memory_order_relaxed)) {
        counter->fetch_add(1, std::memory_order_relaxed);
    }
}
#endif

} // namespace

bool CanCountAllocations() { return BENCH_COUNT_HEAP; }

void CountAllocations(std::atomic<uint64_t>* counter) { g_counter.store(counter, std::memory_order_relaxed); }

} // namespace bench

#if BENCH_COUNT_HEAP
extern "C" {

void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* memory, size_t size);
void* __libc_memalign(size_t alignment, size_t size);

void* malloc(size_t size)
{
    bench::CountOne();
    return __libc_malloc(size);
}

void* calloc(size_t count, size_t size)
{
    bench::CountOne();
    return __libc_calloc(count, size);
}

void* realloc(void* memory, size_t size)
{
    bench::CountOne();
    return __libc_realloc(memory, size);
}

void* memalign(size_t alignment, size_t size)
{
    bench::CountOne();
    return __libc_memalign(alignment, size);
}

void* aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void** ret_memory, size_t alignment, size_t size)
{
    if (alignment % sizeof(void*) != 0 || (alignment & (alignment - 1)) != 0 || alignment == 0) return EINVAL;
    void* memory = memalign(alignment, size);
    if (memory == nullptr) return ENOMEM;
    *ret_memory = memory;
    return 0;
}

} // extern "C"
#endif
