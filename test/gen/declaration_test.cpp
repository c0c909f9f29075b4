#include "base/base.h"
#include "basic.h"
#include "mapping.h"

#include <basic.capnp.h>
#include <basic.capnp.proxy-types.h>
#include <basic.capnp.proxy.h>
#include <extends.capnp.proxy.h>
#include <gtest/gtest.h>
#include <mapping.capnp.h>
#include <mapping.capnp.proxy-types.h>
#include <mapping.capnp.proxy.h>
#include <mp/proxy-types.h>
#include <names.capnp.proxy-types.h>
#include <names.capnp.proxy.h>

// What generated declarations promise to applications that name them.

namespace mp {
namespace {

namespace messages = golden::messages;

using Client = ProxyClient<messages::Init>;
using Server = ProxyServer<messages::Init>;

// Clients and servers

static_assert(std::is_final_v<Client>);
static_assert(std::is_base_of_v<ProxyClientCustom<messages::Init, golden::Basic>, Client>);
static_assert(std::is_base_of_v<golden::Basic, Client> && !std::is_abstract_v<Client>);
static_assert(!std::is_final_v<Server> && !std::is_abstract_v<Server>);
static_assert(std::is_base_of_v<ProxyServerCustom<messages::Init, golden::Basic>, Server>);
static_assert(std::is_same_v<decltype(&Server::add),
                             kj::Promise<void> (Server::*)(
                                 capnp::CallContext<messages::Init::AddParams, messages::Init::AddResults>)>);
static_assert(std::is_constructible_v<Client, messages::Init::Client, Connection*, bool>);
static_assert(std::is_constructible_v<Server, std::shared_ptr<golden::Basic>, Connection&>);

// construct and destroy are static, and no C++ methods

static_assert(std::is_same_v<decltype(&Client::construct), void (*)(Client::Super&)>);
static_assert(std::is_same_v<decltype(&Client::destroy), void (*)(Client::Super&)>);

template <typename Params>
concept HasMethod = requires
{
    ProxyMethod<Params>::impl;
};
static_assert(!HasMethod<messages::Init::ConstructParams> && !HasMethod<messages::Init::DestroyParams>);

// Methods

static_assert(std::is_same_v<ProxyClientMethodTraits<messages::Init::AddParams>::Params, TypeList<int32_t, int32_t>>);
static_assert(noexcept(std::declval<Client&>().size()) && !noexcept(std::declval<Client&>().ready()));

// $Proxy.name is no name for the client.
static_assert(requires(ProxyClient<::Names> & client) { client.callThat(GlobalNested()); });

static_assert(std::is_base_of_v<golden::Derived, ProxyClient<golden::derived::Derived>>);

// Types of interfaces

static_assert(std::is_same_v<ProxyType<golden::Callback>::Type, golden::Callback>);
static_assert(std::is_same_v<ProxyType<golden::Callback>::Message, messages::Callback>);
static_assert(std::is_same_v<ProxyType<golden::Callback>::Client, ProxyClient<messages::Callback>>);
static_assert(std::is_same_v<ProxyType<golden::Callback>::Server, ProxyServer<messages::Callback>>);

template <typename T>
concept HasProxyType = requires
{
    sizeof(ProxyType<T>);
};
static_assert(HasProxyType<golden::Basic>);
static_assert(!HasProxyType<ProxyCallback<std::function<int32_t(int32_t)>>>);

// Structs

using Item = ProxyStruct<messages::Item>;
static_assert(std::is_same_v<Item::Struct, messages::Item>);
static_assert(
    std::is_same_v<Item::Accessors,
                   std::tuple<Item::NumberAccessor, Item::TextAccessor, Item::WeightAccessor, Item::BitsAccessor>>);
static_assert(Item::fields == 4 && ProxyType<golden::Item>::fields == 4);
static_assert(std::is_same_v<ProxyType<golden::Item>::Struct, messages::Item>);
static_assert(ProxyType<golden::Item>::get(std::integral_constant<size_t, 2>()) == &golden::Item::weight);
static_assert(!Item::NumberAccessor::boxed && Item::TextAccessor::boxed && !Item::NumberAccessor::optional);
static_assert(Item::WeightAccessor::optional && !Item::WeightAccessor::boxed && !Item::WeightAccessor::requested);
// Fields that are skipped or companions have accessors.
static_assert(requires {
    typename Item::UnknownAccessor;
    typename Item::HasWeightAccessor;
});
// Structs without $Proxy.wrap too, and generic ones.
static_assert(ProxyStruct<messages::TextNumber>::fields == 2);
static_assert(ProxyStruct<messages::Pair<capnp::Text, messages::Item>>::fields == 2);
static_assert(std::is_same_v<ProxyStruct<messages::Pair<capnp::Text, capnp::Text>>::Struct,
                             messages::Pair<capnp::Text, capnp::Text>>);
// wantX is a field like others there; members of a union are, groups and what else is skipped aren't.
using Options = ProxyStruct<golden::mapping::Options>;
static_assert(std::is_same_v<Options::Accessors,
                             std::tuple<Options::HashAccessor, Options::WantHashAccessor, Options::NumberAccessor>>);
static_assert(!Options::HashAccessor::requested);
static_assert(requires {
    typename Options::PositionAccessor;
    typename Options::FlagAccessor;
});

// Accessors can be asked whether a struct has their field.

template <typename Accessor, typename Struct>
concept CanGet = requires(Struct& message)
{
    Accessor::get(message);
};
static_assert(CanGet<Item::NumberAccessor, messages::Item::Reader>);
static_assert(CanGet<Item::NumberAccessor, messages::Item::Builder>);
static_assert(!CanGet<Item::NumberAccessor, messages::Failure::Reader>);
static_assert(CanGet<Item::TextAccessor, messages::Failure::Reader>);

TEST(Declaration, NamesTheMethodsThatServersCall)
{
    EXPECT_EQ(ProxyMethod<messages::Init::AddParams>::impl, &golden::Basic::add);
    EXPECT_EQ(ProxyMethod<::Names::CallThatParams>::impl, &GlobalNames::renamed);
    EXPECT_EQ(ProxyMethod<golden::base::Base::BaseCallParams>::impl, &golden::Base::baseCall);
}

TEST(Declaration, AccessorsGetAndSet)
{
    capnp::MallocMessageBuilder message;
    auto item = message.initRoot<messages::Item>();
    EXPECT_FALSE(Item::TextAccessor::has(item));
    Item::TextAccessor::set(item, "text");
    EXPECT_TRUE(Item::TextAccessor::has(item));
    EXPECT_STREQ(Item::TextAccessor::get(item).cStr(), "text");
    EXPECT_FALSE(Item::WeightAccessor::getHas(item));
    Item::WeightAccessor::setHas(item);
    EXPECT_TRUE(item.getHasWeight());
    Item::BitsAccessor::init(item, 3u);
    EXPECT_EQ(item.getBits().size(), 3u);
}

TEST(Declaration, RegistersInterfacesThatWrapNoTemplate)
{
    EXPECT_EQ(ProxyTypeRegister::types().count(typeid(golden::Basic)), 1u);
    EXPECT_EQ(ProxyTypeRegister::types().count(typeid(golden::Callback)), 1u);
    EXPECT_EQ(ProxyTypeRegister::types().count(typeid(ProxyCallback<std::function<int32_t(int32_t)>>)), 0u);
}

} // namespace
} // namespace mp
