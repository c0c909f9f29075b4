#ifndef MP_PROXY_BYTES_H
#define MP_PROXY_BYTES_H

#include <capnp/blob.h>
#include <cstring>
#include <mp/proxy-field.h>
#include <stdexcept>

// Blocks of bytes in Text and Data fields: what the headers of several types share.
namespace mp::detail {

//! Inputs and outputs of exactly this type.
template <typename Field, typename Getter>
concept GetsAs = std::is_same_v<RemoveCvRef<decltype(std::declval<Field&>().get())>, Getter>;

//! While it exists, a large block that this thread allocates in a message need not be zero: it is overwritten at once.
class Overwrites
{
public:
    explicit Overwrites(size_t bytes) : m_set(bytes >= MIN_BYTES)
    {
        if (m_set) set(true);
    }
    ~Overwrites()
    {
        if (m_set) set(false);
    }
    Overwrites(const Overwrites&) = delete;
    Overwrites& operator=(const Overwrites&) = delete;

    //! Whether there is one on this thread.
    static bool active();

private:
    //! Zeroing less takes no time to speak of.
    static constexpr size_t MIN_BYTES = size_t{64} << 10;

    static void set(bool active);

    const bool m_set;
};

template <typename Output>
void BuildBytes(Output&& output, const void* data, size_t size)
{
    auto bytes = [&] {
        const Overwrites overwrites(size);
        return output.init(FieldSize(size));
    }();
    if (size > 0) std::memcpy(bytes.begin(), data, size);
}

//! Read into an array of size bytes.
//! @throws std::range_error for data of another size
template <typename Input>
void ReadFixedBytes(Input&& input, void* dest, size_t size)
{
    const auto data = input.get();
    if (data.size() != size) throw std::range_error("unexpected field size");
    if (size > 0) std::memcpy(dest, data.begin(), size);
}

} // namespace mp::detail

#endif // MP_PROXY_BYTES_H
