#include "load.h"

#include "support.h"

#include <algorithm>
#include <capnp/message.h>
#include <gtest/gtest.h>

namespace mp::gen {
namespace {

using namespace test;

class LoadTest : public testing::Test
{
protected:
    TempDir m_dir;
};

TEST_F(LoadTest, KeepsUnionsAndGroups)
{
    const Module module = LoadSchema(R"(
        struct S {
            plain @0 :Int32;
            union { circle @1 :Float64; square @2 :Text; }
            position :group { x @3 :Int32; y @4 :Int32; }
            extra :union { a @5 :Void; b @6 :Data; }
        })");
    const Node& node = NodeAt(module, "S");
    EXPECT_EQ(node.discriminant_count, 2);
    EXPECT_FALSE(FieldAt(node, "plain").discriminant);
    EXPECT_EQ(FieldAt(node, "circle").discriminant, 0);
    EXPECT_EQ(FieldAt(node, "square").discriminant, 1);
    EXPECT_NE(FieldAt(node, "position").group_id, 0u);

    const Node& position = NodeAt(module, "S.position");
    EXPECT_TRUE(position.is_group);
    EXPECT_EQ(position.fields.size(), 2u);
    EXPECT_EQ(position.discriminant_count, 0);
    const Node& extra = NodeAt(module, "S.extra");
    EXPECT_TRUE(extra.is_group);
    EXPECT_EQ(extra.discriminant_count, 2);
    EXPECT_EQ(FieldAt(extra, "b").type.kind, Kind::Data);
}

TEST_F(LoadTest, KeepsConstantsOfEveryKind)
{
    const Module module = LoadSchema(R"(
        const number :Int32 = -5;
        const big :UInt64 = 0xffffffffffffffff;
        const truth :Bool = true;
        const ratio :Float64 = 1.5;
        const text :Text = "a\"b";
        const bytes :Data = 0x"00 ff";
        const color :Color = blue;
        const list :List(Int32) = [1, 2];
        enum Color { red @0; blue @1; })");
    const auto value = [&](const char* path) { return NodeAt(module, path).value.data; };
    EXPECT_EQ(std::get<int64_t>(value("number")), -5);
    EXPECT_EQ(std::get<uint64_t>(value("big")), UINT64_MAX);
    EXPECT_TRUE(std::get<bool>(value("truth")));
    EXPECT_EQ(std::get<double>(value("ratio")), 1.5);
    EXPECT_EQ(std::get<std::string>(value("text")), "a\"b");
    EXPECT_EQ(std::get<std::string>(value("bytes")), std::string("\0\xff", 2));
    EXPECT_EQ(std::get<uint64_t>(value("color")), 1u);
    EXPECT_FALSE(std::get<Value::Message>(value("list")).bytes.empty());
    EXPECT_EQ(NodeAt(module, "list").type.element.at(0).kind, Kind::Int32);
}

TEST_F(LoadTest, KeepsEnumsAndNestedNodes)
{
    const Module module = LoadSchema(R"(
        struct Outer {
            enum Color { red @0; blue @1; }
            struct Inner { color @0 :Color = blue; }
            interface Deep { call @0 (); }
        })");
    EXPECT_EQ(NodeAt(module, "Outer").nested.size(), 3u);
    const Node& color = NodeAt(module, "Outer.Color");
    EXPECT_EQ(color.kind, NodeKind::Enum);
    EXPECT_EQ(color.enumerants.at(1).name, "blue");
    const Field& field = FieldAt(NodeAt(module, "Outer.Inner"), "color");
    EXPECT_EQ(field.type.id, color.id);
    EXPECT_TRUE(field.has_explicit_default);
    EXPECT_EQ(std::get<uint64_t>(field.default_value.data), 1u);
    EXPECT_EQ(NodeAt(module, "Outer.Deep").kind, NodeKind::Interface);
}

TEST_F(LoadTest, KeepsGenericsAndBrands)
{
    const Module module = LoadSchema(R"(
        struct Pair(Key, Value) { key @0 :Key; value @1 :Value; }
        struct User { pair @0 :Pair(Text, List(Data)); unbound @1 :Pair; }
        interface I { generic @0 [T] (a :T) -> (b :Pair(Text, T)); })");
    const Node& pair = NodeAt(module, "Pair");
    EXPECT_EQ(pair.type_params, (std::vector<std::string>{"Key", "Value"}));
    EXPECT_TRUE(pair.generic);
    const Type& key = FieldAt(pair, "key").type;
    EXPECT_EQ(key.kind, Kind::Parameter);
    EXPECT_EQ(key.id, pair.id);
    EXPECT_EQ(FieldAt(pair, "value").type.index, 1);
    EXPECT_TRUE(IsPointer(key));

    const Type& used = FieldAt(NodeAt(module, "User"), "pair").type;
    EXPECT_EQ(used.id, pair.id);
    ASSERT_EQ(used.brand.size(), 1u);
    EXPECT_EQ(used.brand[0].scope_id, pair.id);
    EXPECT_EQ(used.brand[0].bindings.at(0).kind, Kind::Text);
    EXPECT_EQ(used.brand[0].bindings.at(1).element.at(0).kind, Kind::Data);
    EXPECT_EQ(NodeAt(module, "I").methods.at(0).type_params, std::vector<std::string>{"T"});
}

TEST_F(LoadTest, KeepsDocComments)
{
    const Module module = LoadSchema(R"(
        interface I {
            # Of the interface,
            # in two lines.

            call @0 (a :Int32);
            # Of the method.
        }
        struct S {
            a @0 :Int32;
            # Of the field.
        }
        enum E {
            x @0;
            # Of the enumerant.
        })");
    EXPECT_EQ(NodeAt(module, "I").doc, "Of the interface,\nin two lines.");
    EXPECT_EQ(NodeAt(module, "I").methods.at(0).doc, "Of the method.");
    EXPECT_EQ(FieldAt(NodeAt(module, "S"), "a").doc, "Of the field.");
    EXPECT_EQ(NodeAt(module, "E").enumerants.at(0).doc, "Of the enumerant.");
}

TEST_F(LoadTest, KeepsAnnotations)
{
    const Module module = LoadSchema(R"(
        $Cxx.namespace("a::b");
        $Proxy.include("one.h");
        $Proxy.include("two.h");
        $Proxy.includeTypes("types.h");
        interface I $Proxy.wrap("C") $Proxy.count(3) {
            call @0 (a :Int32 $Proxy.count(2)) -> (e :Text $Proxy.exception("E")) $Proxy.name("other") $Proxy.pool;
        }
        struct S { a @0 :Int32 $Proxy.skip; b @1 :Int32 $Cxx.name("bee"); })");
    const Annotations& file = module.file().annotations;
    EXPECT_EQ(file.cxx_namespace, "a::b");
    EXPECT_EQ(file.include, (std::vector<std::string>{"one.h", "two.h"}));
    EXPECT_EQ(file.include_types, std::vector<std::string>{"types.h"});
    const Node& interface = NodeAt(module, "I");
    EXPECT_EQ(interface.annotations.wrap, "C");
    EXPECT_EQ(interface.annotations.count, 3);
    EXPECT_EQ(interface.methods.at(0).annotations.name, "other");
    EXPECT_TRUE(interface.methods.at(0).annotations.pool);
    EXPECT_EQ(FieldAt(NodeAt(module, "I.call.params"), "a").annotations.count, 2);
    EXPECT_EQ(FieldAt(NodeAt(module, "I.call.results"), "e").annotations.exception, "E");
    EXPECT_TRUE(FieldAt(NodeAt(module, "S"), "a").annotations.skip);
    EXPECT_EQ(FieldAt(NodeAt(module, "S"), "b").annotations.cxx_name, "bee");
}

TEST_F(LoadTest, KeepsSuperclassesAndImports)
{
    WriteFile("base.capnp",
              "@0xf3a1b5c7d9e0b2fe;\ninterface Base { call @0 (a :Used); }\nstruct Used { x @0 :Int32; }\n");
    const Module module = LoadSchema("interface I extends(import \"base.capnp\".Base) { own @0 () -> stream; }");
    const Node& interface = NodeAt(module, "I");
    ASSERT_EQ(interface.superclasses.size(), 1u);
    const Node& base = module.nodes.at(interface.superclasses[0].id);
    EXPECT_EQ(base.path, "Base");
    EXPECT_NE(module.find(base.methods.at(0).params_id), nullptr);
    EXPECT_TRUE(interface.methods.at(0).streaming);
    EXPECT_TRUE(std::any_of(module.imports.begin(), module.imports.end(),
                            [](const Import& import) { return import.name == "base.capnp"; }));
}

TEST_F(LoadTest, RefusesARequestWithoutFile)
{
    capnp::MallocMessageBuilder message;
    EXPECT_ANY_THROW(Load(message.initRoot<capnp::schema::CodeGeneratorRequest>().asReader()));
}

} // namespace
} // namespace mp::gen
