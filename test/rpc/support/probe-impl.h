// The object that tests of Probe serve.
#ifndef MP_TEST_RPC_SUPPORT_PROBE_IMPL_H
#define MP_TEST_RPC_SUPPORT_PROBE_IMPL_H

#include <rpc/support/probe.capnp.proxy.h>
#include <rpc/support/probe.h>
#include <rpc/support/served.h>

namespace mp::test {

class ProbeImpl final : public Probe
{
public:
    void exchangeThreads() override
    {
        if (on_exchange) on_exchange();
    }
    std::string hold(std::string_view text) override
    {
        if (on_hold) on_hold(text);
        return std::string(text);
    }
    int32_t lendDerived(DerivedCallback& callback, int32_t arg) override
    {
        return callback.callDerived(arg) * 100 + callback.call(arg);
    }
    std::unique_ptr<Tool> makeTool() override { return std::make_unique<Tool>(on_tool); }
    Traced trace(const Traced& first, const Traced& second, Traced& third, Traced& fourth) override
    {
        third.number += 10;
        fourth.number = first.number + second.number;
        return Traced{result};
    }
    std::string lendGuest(Guest& guest) override { return guest.name(); }
    std::string giveGuest(const Traced&, std::unique_ptr<Guest> guest) override { return guest->name(); }
    std::shared_ptr<const std::string> sharedText() override { return on_shared_text(); }
    Badge badge(std::shared_ptr<Guest> guest) override { return Badge{std::move(guest), ""}; }

    // What tests put in, before they call.
    std::function<void()> on_exchange;
    std::function<void(std::string_view)> on_hold;
    std::function<void(const char*)> on_tool;
    std::function<std::shared_ptr<const std::string>()> on_shared_text;
    int32_t result{7};
};

using ServedProbe = Served<messages::Probe, ProbeImpl>;

} // namespace mp::test

#endif // MP_TEST_RPC_SUPPORT_PROBE_IMPL_H
