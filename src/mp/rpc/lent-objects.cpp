#include <mp/lent-objects.h>

#include <algorithm>
#include <mp/connection.h>
#include <mp/proxy-invoke.h>
#include <utility>

namespace mp::detail {

void LentObjects::add(ProxyContext& object)
{
    m_objects.push_back(&object);
    object.m_lent = this;
}

void LentObjects::remove(ProxyContext& object)
{
    std::erase(m_objects, &object);
    object.m_lent = nullptr;
    unused();
}

void LentObjects::unused()
{
    if (used()) return;
    KJ_IF_MAYBE (fn, m_unused) {
        kj::Function<void()> call = kj::mv(*fn);
        m_unused = nullptr;
        release();
        // May destroy this.
        call();
    }
}

void LentObjects::release()
{
    for (ProxyContext* object : m_objects) object->m_lent = nullptr;
    m_objects.clear();
}

bool LentObjects::revoke(kj::Function<void()> unused)
{
    for (ProxyContext* object : m_objects) object->m_destroyed = true;
    // Those that wait behind other methods might do so for long. They may be all that keeps an object.
    if (used() && m_objects.front()->m_connection_state->alive) ServerRequest::refuseQueued(*m_objects.front()->connection, *this);
    if (used()) {
        m_unused = kj::mv(unused);
        return false;
    }
    release();
    return true;
}

bool LentObjects::used() const
{
    const auto used = [](const ProxyContext* object) { return object->m_uses > 0; };
    return std::any_of(m_objects.begin(), m_objects.end(), used);
}

Lending::Lending(InvokeContext& invoke_context)
    : m_slot(invoke_context.connection.m_lending), m_outer(std::exchange(m_slot, invoke_context.lent))
{
}

Lending::~Lending() { m_slot = m_outer; }

} // namespace mp::detail
