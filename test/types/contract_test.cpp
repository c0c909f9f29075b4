#include <gtest/gtest.h>
#include <mp/proxy-io.h>
#include <mp/proxy-types.h>
#include <optional>
#include <string>
#include <type_traits>
#include <types/input.capnp.h>
#include <types/input.capnp.proxy.h>

// How applications write what they write: that it compiles is most of the test.

namespace types {
namespace {

void TakesMessage(mp::LogMessage) {}
void TakesOldMessage(bool, std::string) {}
void TakesOldMessageByReference(bool, const std::string&) {}

//! A loop that runs until the reference is dropped.
template <typename... Args>
void RunLoop(Args&&... args)
{
    std::optional<mp::EventLoop> loop;
    loop.emplace("test", std::forward<Args>(args)...);
    std::optional<mp::EventLoopRef> ref;
    ref.emplace(*loop);
    bool called = false;
    std::thread thread([&] {
        loop->sync([&] { called = true; });
        ref.reset();
    });
    loop->loop();
    thread.join();
    EXPECT_TRUE(called);
    loop.reset();
}

TEST(EventLoop, TakesEveryKindOfLogFunction)
{
    int context = 0;
    RunLoop([](mp::LogMessage) {});
    RunLoop([](const mp::LogMessage&) {}, &context);
    RunLoop(TakesMessage);
    mp::LogFn log = [](mp::LogMessage) {};
    RunLoop(log, &context);
    RunLoop([](bool, std::string) {});
    RunLoop([](bool, const std::string&) {}, &context);
    RunLoop(TakesOldMessage);
    RunLoop(TakesOldMessageByReference);
    mp::LogOptions options = {.log_fn = log, .max_chars = 10, .log_level = mp::Log::Info};
    RunLoop(std::move(options), &context);
    RunLoop(mp::LogOptions{.log_fn = TakesMessage, .log_level = mp::Log::Error});
}

TEST(Contract, HoldsWhatApplicationsRelyOn)
{
    static_assert(std::is_aggregate_v<mp::LogOptions>);
    static_assert(std::is_aggregate_v<mp::InvokeContext>);
    static_assert(!std::is_copy_constructible_v<mp::EventLoop> && !std::is_move_constructible_v<mp::EventLoop>);
    static_assert(std::is_nothrow_move_constructible_v<mp::EventLoopRef>);
    static_assert(!std::is_copy_constructible_v<mp::EventLoopRef> && !std::is_move_assignable_v<mp::EventLoopRef>);
    static_assert(mp::TypeList<int, char>::size == 2 && mp::TypeList<>::size == 0);
    static_assert(std::is_base_of_v<mp::Priority<0>, mp::Priority<3>>);
    static_assert(std::is_same_v<mp::RemoveCvRef<const int&>, int> && std::is_same_v<mp::Decay<int[2]>, int*>);

    using Client = mp::ProxyClient<messages::Input>;
    static_assert(std::is_convertible_v<Client*, Input*>);
    static_assert(std::is_convertible_v<std::unique_ptr<Client>, std::unique_ptr<Input>>);
    static_assert(std::is_same_v<decltype(Client::m_client), messages::Input::Client>);
    static_assert(std::is_base_of_v<mp::ProxyClientCustom<messages::Input, Input>, Client>);
    static_assert(std::is_base_of_v<mp::ProxyServerCustom<messages::Input, Input>, mp::ProxyServer<messages::Input>>);
    using Server = kj::Own<mp::ProxyServer<messages::Input>>;
    static_assert(
        std::is_same_v<Server, decltype(kj::heap<mp::ProxyServer<messages::Input>>(
                                   std::declval<std::shared_ptr<Input>>(), std::declval<mp::Connection&>()))>);
    static_assert(std::is_constructible_v<capnp::Capability::Client, Server>);

    using Traits = mp::ProxyClientMethodTraits<messages::Input::SmallParams>;
    static_assert(std::is_same_v<Traits::Params, mp::TypeList<int16_t>> && std::is_same_v<Traits::Result, int16_t>);
    static_assert(std::is_same_v<Traits::Fields, mp::TypeList<int16_t, int16_t>>);
    using Construct = mp::ProxyServerMethodTraits<messages::Input::ConstructParams>;
    static_assert(Construct::Params::size == 0 && std::is_void_v<Construct::Result>);
    using Name = mp::FunctionTraits<int (Thing::*const)(std::string, char&) const noexcept>;
    static_assert(std::is_same_v<Name::Fields, mp::TypeList<std::string, char&, int>>);
    std::string text = "moved";
    static_assert(std::is_same_v<decltype(Name::Fwd<0>(text)), std::string&&>);
}

} // namespace
} // namespace types
