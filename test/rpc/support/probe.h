// The C++ classes behind probe.capnp.
#ifndef MP_TEST_RPC_SUPPORT_PROBE_H
#define MP_TEST_RPC_SUPPORT_PROBE_H

#include <cstdint>
#include <functional>
#include <memory>
#include <mp/proxy.h>
#include <rpc/support/probe.capnp.h>
#include <rpc/support/service.h>
#include <string>
#include <string_view>
#include <vector>

namespace mp::test {

//! Its conversions are recorded.
struct Traced
{
    int32_t number{0};
};

class DerivedCallback : public Callback
{
public:
    virtual int32_t callDerived(int32_t arg) = 0;
};

//! Refers to the object that made it.
struct Pinned
{
    std::shared_ptr<void> pin;
    std::string text;
};

class Tool
{
public:
    Tool() = default;
    explicit Tool(std::function<void(const char*)> on_event) : m_on_event(std::move(on_event)) {}
    virtual ~Tool() { tell("destroyed"); }
    virtual void use() { tell("used"); }
    virtual Pinned pin() { return {std::shared_ptr<void>(nullptr, [this](void*) { tell("unpinned"); }), "pinned"}; }
    //! By the server object, before it releases this.
    void released() { tell("released"); }

private:
    void tell(const char* what)
    {
        if (m_on_event) m_on_event(what);
    }
    std::function<void(const char*)> m_on_event;
};

class Guest
{
public:
    virtual ~Guest() = default;
    virtual std::string name() = 0;
};

//! As a result, made from what the guest says.
struct Badge
{
    std::shared_ptr<Guest> guest;
    std::string text;
};

class Probe
{
public:
    virtual ~Probe() = default;
    virtual void exchangeThreads() {}
    virtual void giveThreads() {}
    virtual void takeThreads() {}
    virtual std::string hold(std::string_view text) = 0;
    virtual int32_t lendDerived(DerivedCallback& callback, int32_t arg) = 0;
    virtual std::unique_ptr<Tool> makeTool() = 0;
    virtual Traced trace(const Traced& first, const Traced& second, Traced& third, Traced& fourth) = 0;
    virtual std::string lendGuest(Guest& guest) = 0;
    virtual std::string giveGuest(const Traced& first, std::unique_ptr<Guest> guest) = 0;
    virtual std::shared_ptr<const std::string> sharedText() = 0;
    virtual Badge badge(std::shared_ptr<Guest> guest) = 0;
};

} // namespace mp::test

//! As applications add to a server.
template <>
struct mp::ProxyServerCustom<mp::test::messages::Tool, mp::test::Tool>
    : public mp::ProxyServerBase<mp::test::messages::Tool, mp::test::Tool>
{
    using ProxyServerBase::ProxyServerBase;
    void invokeDestroy()
    {
        m_impl->released();
        ProxyServerBase::invokeDestroy();
    }
};

#endif // MP_TEST_RPC_SUPPORT_PROBE_H
