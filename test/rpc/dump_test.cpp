#include <gtest/gtest.h>

#include <capnp/dynamic.h>
#include <capnp/message.h>
#include <capnp/schema.capnp.h>
#include <capnp/serialize.h>
#include <mp/rpc/dump.h>
#include <mp/util.h>

namespace mp::test {
namespace {

using capnp::schema::Field;
using capnp::schema::Node;
using capnp::schema::Value;

template <typename Struct>
std::string DumpOf(typename Struct::Reader data, size_t max_chars)
{
    return Dump(LogOptions{.log_fn = {}, .max_chars = max_chars}, capnp::Schema::from<Struct>(), capnp::toAny(data));
}

//! Equal to what Cap'n Proto makes of a struct, whole and cut off.
template <typename Struct>
void ExpectDump(typename Struct::Reader data)
{
    const kj::StringTree text = kj::strTree(data);
    for (const size_t max_chars : {size_t{0}, size_t{1}, size_t{30}, size_t{200}, size_t{1} << 20}) {
        EXPECT_EQ(DumpOf<Struct>(data, max_chars), LogEscape(text, max_chars));
    }
}

TEST(Dump, PrintsAsCapnProtoDoes)
{
    // Schemas are messages of all kinds: unions, groups, enums, lists, nested structs.
    ExpectDump<Node>(capnp::Schema::from<Node>().getProto());
    ExpectDump<Node>(capnp::Schema::from<Value>().getProto());
    ExpectDump<Node>(capnp::Schema::from<Field>().getProto());
    ExpectDump<Node>(capnp::Schema::from<capnp::schema::ElementSize>().getProto());
}

TEST(Dump, PrintsEachTypeOfValue)
{
    capnp::MallocMessageBuilder message;
    auto value = message.initRoot<Value>();
    ExpectDump<Value>(value);
    value.setBool(true);
    ExpectDump<Value>(value);
    value.setInt64(-5);
    ExpectDump<Value>(value);
    value.setUint64(~uint64_t{0});
    ExpectDump<Value>(value);
    value.setFloat32(1.1f);
    ExpectDump<Value>(value);
    value.setFloat64(1.1);
    ExpectDump<Value>(value);
    value.setText("a\\b\"c\n\x01 \x7f\xc3\xa4");
    ExpectDump<Value>(value);
    value.setData(kj::StringPtr("\xff\"0").asBytes());
    ExpectDump<Value>(value);
    value.setEnum(3);
    ExpectDump<Value>(value);
    value.setInterface();
    ExpectDump<Value>(value);
    value.initAnyPointer().setAs<capnp::Text>("opaque");
    ExpectDump<Value>(value);
}

TEST(Dump, PrintsAnEnumValueOfALaterSchema)
{
    capnp::MallocMessageBuilder message;
    auto node = message.initRoot<Node>().initStruct();
    node.setPreferredListEncoding(static_cast<capnp::schema::ElementSize>(99));
    ExpectDump<Node::Struct>(node);
}

TEST(Dump, LooksAtNoMoreThanItPrints)
{
    capnp::MallocMessageBuilder message;
    auto names = message.initRoot<Node>().initParameters(64);
    for (auto name : names) name.setName(std::string(64 << 10, 'x').c_str());
    const auto words = capnp::messageToFlatArray(message);

    // Reading all of it isn't allowed.
    capnp::ReaderOptions options;
    options.traversalLimitInWords = words.size() / 4;
    capnp::FlatArrayMessageReader reader(words, options);
    const std::string text = DumpOf<Node>(reader.getRoot<Node>(), 200);
    EXPECT_EQ(text.substr(text.size() - 4), "x...");
    EXPECT_EQ(text.size(), 204u);
    EXPECT_THROW(kj::str(reader.getRoot<Node>()), kj::Exception);
}

} // namespace
} // namespace mp::test
