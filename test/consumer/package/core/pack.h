#ifndef HARBOR_CORE_PACK_H
#define HARBOR_CORE_PACK_H

#include <concepts>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace harbor {

//! Appends numbers and texts to bytes.
class Packer
{
public:
    void number(uint32_t n)
    {
        for (int shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<unsigned char>(n >> shift));
    }
    void text(const std::string& text)
    {
        number(static_cast<uint32_t>(text.size()));
        bytes.insert(bytes.end(), text.begin(), text.end());
    }

    std::vector<unsigned char> bytes;
};

//! Takes them out again.
class Unpacker
{
public:
    Unpacker(const unsigned char* begin, const unsigned char* end) : m_at(begin), m_end(end) {}

    uint32_t number()
    {
        uint32_t n = 0;
        for (int shift = 0; shift < 32; shift += 8) n |= static_cast<uint32_t>(byte()) << shift;
        return n;
    }
    std::string text()
    {
        std::string text;
        for (uint32_t left = number(); left > 0; --left) text.push_back(static_cast<char>(byte()));
        return text;
    }

private:
    unsigned char byte()
    {
        if (m_at == m_end) throw std::out_of_range("packed bytes end too early");
        return *m_at++;
    }

    const unsigned char* m_at;
    const unsigned char* m_end;
};

struct UnpackTag
{
};

template <typename T>
concept Packable = requires(const T& value, Packer& packer)
{
    value.pack(packer);
};

//! Types that are made first, and filled then.
template <typename T>
concept Unpackable = Packable<T> && requires(T& value, Unpacker& unpacker)
{
    value.unpack(unpacker);
};

//! Types that are made of bytes, and don't change.
template <typename T>
concept UnpackConstructible = Packable<T> && !Unpackable<T> && std::constructible_from<T, UnpackTag, Unpacker&>;

} // namespace harbor

#endif // HARBOR_CORE_PACK_H
