#include "message-network.h"

#include <mp/connection.h>
#include <mp/proxy-bytes.h>

namespace mp::detail {

namespace {
//! 0 if nothing is overwritten.
thread_local size_t g_overwrites{0};
} // namespace

bool Overwrites::cover(size_t block_bytes) { return g_overwrites > 0 && block_bytes >= g_overwrites; }

void Overwrites::set(size_t bytes) { g_overwrites = bytes; }

Lender::Lender(Connection& connection) : m_message(connection.m_network->takeLatestMessage()) {}

Lender::~Lender() = default;

capnp::Orphan<capnp::Data> Lender::lend(capnp::AnyStruct::Builder within, const void* data, size_t size)
{
    const bool aligned = reinterpret_cast<uintptr_t>(data) % sizeof(capnp::word) == 0;
    // The struct's pointers follow its data, and the field is one of them.
    if (m_message.get() == nullptr || !aligned || !m_message->contains(within.getDataSection().begin())) return {};
    const auto bytes = capnp::Data::Reader(static_cast<const kj::byte*>(data), FieldSize(size));
    m_lent = true;
    return m_message->borrow(within, bytes);
}

void Lender::takeBack()
{
    if (m_lent) m_message->returnBorrowed();
    m_lent = false;
    m_message = nullptr;
}

void Lender::giveAway(kj::Own<void> object)
{
    if (m_lent) m_message->keep(kj::mv(object));
    m_lent = false;
    m_message = nullptr;
}

} // namespace mp::detail
