// What is done with the types of order.h, once everything is included.

#include <capnp/message.h>
#include <map>
#include <memory>
#include <optional>
#include <types/convert.capnp.h>
#include <types/convert.capnp.proxy.h>
#include <types/order_test.h>
#include <vector>

namespace ORDER {
namespace {

namespace messages = types::messages;

template <typename Accessor, typename T>
T Pass(mp::InvokeContext& context, T value)
{
    capnp::MallocMessageBuilder message;
    auto builder = message.initRoot<messages::Fields>();
    mp::BuildField(mp::TypeList<T&&>(), context, mp::Make<mp::StructField, Accessor>(builder), std::move(value));
    const auto reader = builder.asReader();
    return mp::ReadField(mp::TypeList<T>(), context, mp::Make<mp::StructField, Accessor>(reader),
                         mp::ReadDestTemp<T>());
}

} // namespace

std::string Check(mp::InvokeContext& context)
{
    using Access = mp::ProxyStruct<messages::Fields>;
    using Words = std::vector<Word>;
    std::string wrong;
    if (Pass<Access::TextsAccessor>(context, Words{{"a"}, {"-"}}) != Words{{"a"}, {""}}) wrong += " elements";
    using Optional = std::optional<Word>;
    if (Pass<Access::TextAccessor>(context, Optional{{"b"}}) != Optional{{"b"}}) wrong += " optional";
    if (Pass<Access::TextAccessor>(context, Optional{{"-"}})) wrong += " absent";
    const auto shared = Pass<Access::TextAccessor>(context, std::make_shared<const Word>(Word{"c"}));
    if (!shared || shared->letters != "c") wrong += " shared";
    if (Pass<Access::PairsAccessor>(context, std::map<int32_t, Word>{{1, {"d"}}})[1].letters != "d") wrong += " map";
    if (Pass<Access::Int32Accessor>(context, Count{4}).number != 5) wrong += " primitive";
    capnp::MallocMessageBuilder message;
    const auto reader = message.initRoot<messages::Fields>().asReader();
    try {
        mp::ThrowField(mp::TypeList<Word>(), context, mp::Make<mp::StructField, Access::TextAccessor>(reader));
        wrong += " exception";
    } catch (const std::string& thrown) {
        if (thrown != "word ") wrong += " thrown";
    }
    return wrong;
}

} // namespace ORDER
