#include "bind.h"

#include "support.h"

#include <gtest/gtest.h>

namespace mp::gen {
namespace {

using namespace test;

class BindTest : public testing::Test
{
protected:
    //! The only method of an interface.
    BoundMethod bind(const std::string& method)
    {
        m_module = LoadSchema("interface I $Proxy.wrap(\"I\") { " + method + " }\nstruct Two $Proxy.count(2) {}");
        const Node& interface = NodeAt(m_module, "I");
        return Bind(m_module, interface, interface.methods.at(0));
    }

    static std::string names(const std::vector<BoundField>& fields)
    {
        std::string out;
        for (const BoundField& field : fields) {
            out += (out.empty() ? "" : " ") + field.name + ":" + std::to_string(field.first) + "+" +
                   std::to_string(field.count) + (field.params != nullptr ? "i" : "") +
                   (field.results != nullptr ? "o" : "");
        }
        return out;
    }

    TempDir m_dir;
    Module m_module;
};

TEST_F(BindTest, PutsParametersBeforeOutputs)
{
    const BoundMethod method = bind("foo @0 (a :Int32, b :Text) -> (c :Int32, result :Bool, b :Text);");
    EXPECT_EQ(names(method.arguments), "a:0+1i b:1+1io c:2+1o");
    ASSERT_TRUE(method.result);
    EXPECT_EQ(method.arity, 3);
}

TEST_F(BindTest, TakesAResultThatIsAlsoAParameterAsArgument)
{
    const BoundMethod method = bind("foo @0 (result :Int32) -> (result :Int32);");
    EXPECT_EQ(names(method.arguments), "result:0+1io");
    EXPECT_FALSE(method.result);
}

TEST_F(BindTest, CountsArgumentsByFieldAndByType)
{
    const BoundMethod method =
        bind("foo @0 (context :Proxy.Context, a :List(Text) $Proxy.count(3), t :Two, m :Proxy.ThreadMap) -> ();");
    EXPECT_EQ(names(method.arguments), "context:0+0i a:0+3i t:3+2i m:5+0i");
    EXPECT_EQ(method.arity, 5);
    ASSERT_NE(method.context(), nullptr);
    EXPECT_EQ(method.context()->name, "context");
}

TEST_F(BindTest, DropsCompanions)
{
    const BoundMethod method =
        bind("foo @0 (a :Int32, hasA :Bool, wantB :Bool, wantC :Bool) -> (b :Text, result :Int32, hasResult :Bool);");
    EXPECT_EQ(names(method.arguments), "a:0+1i wantC:1+1i b:2+1o");
    EXPECT_TRUE(method.arguments[0].optional);
    EXPECT_FALSE(method.arguments[0].boxed);
    EXPECT_TRUE(method.arguments[2].requested);
    EXPECT_TRUE(method.arguments[2].boxed);
    EXPECT_TRUE(method.result->optional);
}

TEST_F(BindTest, LeavesFieldsThatOnlyLookLikeCompanions)
{
    const BoundMethod method = bind("foo @0 (a :Int32, hasA :Int32, hash :Bool, wanted :Bool) -> ();");
    EXPECT_EQ(names(method.arguments), "a:0+1i hasA:1+1i hash:2+1i wanted:3+1i");
    EXPECT_FALSE(method.arguments[0].optional);
}

TEST_F(BindTest, KeepsExceptionsApart)
{
    const BoundMethod method =
        bind("foo @0 () -> (result :Int32, e :Text $Proxy.exception(\"E\"), f :Text $Proxy.exception(\"F\"));");
    EXPECT_TRUE(method.arguments.empty());
    ASSERT_EQ(method.exceptions.size(), 2u);
    EXPECT_EQ(method.exceptions[0].name, "e");
    EXPECT_TRUE(method.hasOutput());
}

TEST_F(BindTest, KnowsConstructAndDestroy)
{
    EXPECT_EQ(bind("construct @0 () -> ();").role, Role::Construct);
    EXPECT_EQ(bind("destroy @0 () -> ();").role, Role::Destroy);
    EXPECT_EQ(bind("other @0 () -> ();").role, Role::Method);
}

TEST_F(BindTest, ListsInheritedMethodsFirstAndOnce)
{
    m_module = LoadSchema(R"(
        interface A { a @0 (); }
        interface B extends(A) { b @0 (); }
        interface C extends(A) { c @0 (); }
        interface D extends(B, C) { d @0 (); })");
    std::string order;
    for (const BoundMethod& method : BindAll(m_module, NodeAt(m_module, "D"))) {
        order += method.interface->name + "." + method.method->name + " ";
    }
    EXPECT_EQ(order, "A.a B.b C.c D.d ");
}

TEST_F(BindTest, GivesClientsOneDestroy)
{
    m_module = LoadSchema(R"(
        interface A { destroy @0 (); a @1 (); }
        interface B { destroy @0 (); }
        interface C extends(A, B) { construct @0 (); }
        interface D extends(C) { destroy @0 (); })");
    const auto order = [&](const char* interface) {
        std::string out;
        for (const BoundMethod& method : BindClient(m_module, NodeAt(m_module, interface))) {
            out += method.interface->name + "." + method.method->name + " ";
        }
        return out;
    };
    EXPECT_EQ(order("C"), "A.a B.destroy C.construct ");
    EXPECT_EQ(order("D"), "A.a C.construct D.destroy ");
}

TEST_F(BindTest, FindsCompanionsAndSkipsInStructs)
{
    m_module = LoadSchema("struct S { a @0 :Int32; hasA @1 :Bool; b @2 :Text $Proxy.skip; wantA @3 :Bool; }");
    const std::vector<BoundField> fields = BindStruct(NodeAt(m_module, "S"));
    ASSERT_EQ(fields.size(), 3u);
    EXPECT_TRUE(fields[0].optional);
    EXPECT_TRUE(fields[1].skip);
    EXPECT_EQ(fields[2].name, "wantA");
}

TEST_F(BindTest, LeavesStructsInsideGenericTypesOut)
{
    m_module = LoadSchema("struct G(T) { struct Inner { a @0 :T; } }\nstruct S { struct Inner {} }");
    std::string names;
    for (const Node* node : Structs(m_module)) names += node->path + " ";
    EXPECT_EQ(names, "G S S.Inner ");
}

} // namespace
} // namespace mp::gen
