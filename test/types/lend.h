#ifndef MP_TEST_TYPES_LEND_H
#define MP_TEST_TYPES_LEND_H

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace types {

//! Travels as its bytes two times.
struct Twice
{
    std::vector<char> bytes;
};

//! Travels inverted.
struct Masked
{
    mutable std::vector<char> bytes;
    void invert() const
    {
        for (char& byte : bytes) byte = static_cast<char>(~byte);
    }
};

class Bulk
{
public:
    virtual ~Bulk() = default;
    virtual uint64_t size(const std::vector<unsigned char>& bytes) = 0;
    virtual std::vector<char> echo(std::vector<char> bytes) = 0;
    virtual std::vector<std::byte> join(std::span<const std::byte> first, std::span<const std::byte> second) = 0;
    virtual uint64_t own(const Twice& twice) = 0;
    virtual void update(std::vector<unsigned char>& bytes) = 0;
    virtual uint64_t total(const std::vector<std::vector<char>>& all) = 0;
    virtual bool masked(const Masked& masked) = 0;
    virtual uint64_t both(const std::vector<unsigned char>& bytes, const Twice& twice) = 0;
};

} // namespace types

#endif // MP_TEST_TYPES_LEND_H
