#ifndef MP_PROXY_BYTES_H
#define MP_PROXY_BYTES_H

#include <capnp/any.h>
#include <capnp/blob.h>
#include <capnp/orphan.h>
#include <cstring>
#include <mp/proxy-field.h>
#include <mp/proxy-invoke.h>
#include <stdexcept>

// Blocks of bytes in Text and Data fields: what the headers of several types share.
namespace mp::detail {

//! Inputs and outputs of exactly this type.
template <typename Field, typename Getter>
concept GetsAs = std::is_same_v<RemoveCvRef<decltype(std::declval<Field&>().get())>, Getter>;

//! While it exists, a large block that this thread allocates in a message for so many bytes need not be zero: it is
//! overwritten at once.
class Overwrites
{
public:
    explicit Overwrites(size_t bytes) : m_set(bytes >= MIN_BYTES)
    {
        if (m_set) set(bytes);
    }
    ~Overwrites()
    {
        if (m_set) set(0);
    }
    Overwrites(const Overwrites&) = delete;
    Overwrites& operator=(const Overwrites&) = delete;

    //! Whether there is one on this thread, and the block is so large. What else its owner allocates is not overwritten.
    static bool cover(size_t block_bytes);

private:
    //! Zeroing less takes no time to speak of.
    static constexpr size_t MIN_BYTES = size_t{64} << 10;

    static void set(size_t bytes);

    const bool m_set;
};

//! Lets the message that is being built refer to the bytes of an object instead of containing them. The object stays as
//! it is until takeBack() or giveAway(), which must follow. Owning the loop.
class Lender
{
public:
    //! Fewer bytes are copied soon enough.
    static constexpr size_t MIN_BYTES = size_t{64} << 10;

    //! For one message, the one that was begun last on the connection.
    explicit Lender(Connection& connection);
    Lender(const Lender&) = delete;
    Lender& operator=(const Lender&) = delete;
    ~Lender();

    //! The object that a field is built from next. An object's first member has its address, but is another one: a hook
    //! may change it when it has built from it.
    template <typename T>
    void offer(const T& object)
    {
        m_offered = std::addressof(object);
        m_type = &TYPE<T>;
    }
    template <typename T>
    bool offers(const T& object) const
    {
        return m_offered == std::addressof(object) && m_type == &TYPE<T>;
    }

    //! @param within  what the bytes are to be a field of
    //! @return null if it is no part of the message, or the bytes can't be referred to
    ::capnp::Orphan<::capnp::Data> lend(::capnp::AnyStruct::Builder within, const void* data, size_t size);
    bool hasLent() const { return m_lent; }

    //! The object is going: what was not sent yet is copied.
    void takeBack();
    //! The object is the message's from now on.
    void giveAway(kj::Own<void> object);

private:
    //! Stands for a type by its address.
    template <typename T>
    static inline char TYPE{};

    kj::Own<OutgoingMessage> m_message;
    const void* m_offered{nullptr};
    const char* m_type{nullptr};
    bool m_lent{false};
};

//! Have a field refer to an object's bytes. @return false if they must be copied
template <typename Output, typename Object>
bool LendBytes(InvokeContext& invoke_context, const Output& output, const Object& object, const void* data, size_t size)
{
    if constexpr (requires { output.adopt(::capnp::Orphan<::capnp::Data>()); }) {
        if (size < Lender::MIN_BYTES || !invoke_context.lender || !invoke_context.lender->offers(object)) return false;
        auto lent = invoke_context.lender->lend(::capnp::toAny(output.m_struct), data, size);
        if (lent == nullptr) return false;
        output.adopt(kj::mv(lent));
        return true;
    }
    return false;
}

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
