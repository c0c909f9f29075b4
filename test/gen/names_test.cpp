#include "names.h"

#include "support.h"
#include "text.h"

#include <gtest/gtest.h>

namespace mp::gen {
namespace {

using namespace test;

TEST(Names, CapitalizesLikeCapnp)
{
    EXPECT_EQ(Capitalized("fooBar"), "FooBar");
    EXPECT_EQ(Capitalized("FooBar"), "FooBar");
    EXPECT_EQ(Capitalized(""), "");
}

TEST(Names, AppendsAnUnderscoreToKeywords)
{
    EXPECT_EQ(SafeName("delete"), "delete_");
    EXPECT_EQ(SafeName("alignas"), "alignas_");
    EXPECT_EQ(SafeName("xor_eq"), "xor_eq_");
    EXPECT_EQ(SafeName("deleted"), "deleted");
}

TEST(Names, RenamesLocalVariablesAlsoForNewKeywords)
{
    EXPECT_EQ(LocalName("delete"), "delete_");
    EXPECT_EQ(LocalName("concept"), "concept_");
    EXPECT_EQ(LocalName("constinit"), "constinit_");
    EXPECT_EQ(LocalName("name"), "name");
    EXPECT_EQ(SafeName("concept"), "concept");
}

TEST(Names, MakesIdentifiersOfPaths)
{
    EXPECT_EQ(PathName("dir/foo-bar.capnp"), "dir_foo_bar_capnp");
    EXPECT_EQ(PathName("../a__b.capnp"), "a_b_capnp");
}

TEST(Names, KnowsIdentifiers)
{
    EXPECT_TRUE(IsIdentifier("m_foo1"));
    EXPECT_FALSE(IsIdentifier(""));
    EXPECT_FALSE(IsIdentifier("1a"));
    EXPECT_FALSE(IsIdentifier("a b"));
    EXPECT_FALSE(IsIdentifier("class"));
    EXPECT_FALSE(IsIdentifier("co_await"));
}

TEST(Names, FollowsScopesNamespacesAndRenames)
{
    const TempDir dir;
    const Module module = LoadSchema(R"(
        $Cxx.namespace("a::b");
        interface I {
            foo @0 (x :Int32) -> (y :Int32);
            bar @1 (x :Int32) $Cxx.name("renamed");
            take @2 Outer.Inner -> ();
        }
        struct Outer $Cxx.name("Out") { struct Inner { g :group { x @0 :Int32; } } })");
    const Node& interface = NodeAt(module, "I");
    EXPECT_EQ(CxxClass(module, interface), "::a::b::I");
    EXPECT_EQ(CxxClass(module, NodeAt(module, "Outer.Inner")), "::a::b::Out::Inner");
    EXPECT_EQ(CxxClass(module, NodeAt(module, "Outer.Inner.g")), "::a::b::Out::Inner::G");
    EXPECT_EQ(CxxParams(module, interface, interface.methods[0]), "::a::b::I::FooParams");
    EXPECT_EQ(CxxResults(module, interface, interface.methods[0]), "::a::b::I::FooResults");
    EXPECT_EQ(CxxParams(module, interface, interface.methods[1]), "::a::b::I::RenamedParams");
    EXPECT_EQ(CxxParams(module, interface, interface.methods[2]), "::a::b::Out::Inner");
}

TEST(Text, CommentLinesDoNotContinueIntoCode)
{
    EXPECT_EQ(DocComment("one\n\ntwo \\", "  "), "  //! one\n  //!\n  //! two\n");
    EXPECT_EQ(DocComment("", ""), "");
}

TEST(Text, PrintsSixteenHexDigits)
{
    EXPECT_EQ(Hex(0), "0000000000000000");
    EXPECT_EQ(Hex(0xf00000000000000a), "f00000000000000a");
}

TEST(Text, QuotesLiterals) { EXPECT_EQ(Quoted("a\"b\\"), "\"a\\\"b\\\\\""); }

} // namespace
} // namespace mp::gen
