#include "support.h"

#include <algorithm>
#include <cstdlib>
#include <gmock/gmock.h>
#include <sstream>

// Classes that don't match the schema that wraps them: what the compiler says first names the method or the member, and
// what is wrong with it.

namespace mp::gen {
namespace {

using namespace test;
using testing::HasSubstr;
using testing::IsEmpty;

using Errors = std::vector<std::string>;

class MismatchTest : public testing::Test
{
protected:
    //! Generate code, and compile one of its files. Returns the lines with errors.
    static Errors compile(const std::string& schema, const std::string& classes, const std::string& file)
    {
        WriteFile("bad.capnp", Schema("$Cxx.namespace(\"bad\");\n$Proxy.include(\"bad.h\");\n"
                                      "$Proxy.includeTypes(\"bad-types.h\");\n" +
                                      schema + "\n"));
        WriteFile("bad.h", "#pragma once\n#include <mp/util.h>\n#include <string>\n#include <vector>\n"
                           "namespace app {\nstruct Odd {};\n" +
                               classes + "\n}\n");
        WriteFile("bad-types.h", "#pragma once\n#include <mp/type-number.h>\n#include <mp/type-string.h>\n"
                                 "#include <mp/type-struct.h>\n#include <mp/type-vector.h>\n");
        const Outcome outcome = RunMpgen({".", ".", "bad.capnp", SCHEMA_DIR});
        if (outcome.status != 0) return {outcome.err};
        WriteFile("main.cpp", "#include \"bad.capnp." + file + "\"\n");
        const int status = std::system(COMPILE " -fsyntax-only -I. main.cpp 2>errors");
        Errors errors;
        std::istringstream lines(ReadText("errors"));
        for (std::string line; std::getline(lines, line);) {
            if (line.find("error: ") != std::string::npos) errors.push_back(line);
        }
        if (errors.empty() && status != 0) errors.push_back(ReadText("errors"));
        return errors;
    }

    //! Check that the first error is the first expected one, that the others are there too, and that none is long.
    static void expectErrors(const Errors& errors, const Errors& expected)
    {
        ASSERT_FALSE(errors.empty());
        EXPECT_THAT(errors[0], HasSubstr(expected[0]));
        for (const std::string& error : expected) {
            const auto found = std::find_if(errors.begin(), errors.end(), [&](const std::string& line) {
                return line.find(error) != std::string::npos;
            });
            ASSERT_NE(found, errors.end()) << error << "\n" << testing::PrintToString(errors);
            EXPECT_LT(found->size(), 400u);
        }
    }

    TempDir m_dir;
};

TEST_F(MismatchTest, IsNoneWhereTheClassFits)
{
    const char* const schema = "interface I $Proxy.wrap(\"app::I\") { add @0 (a :Int32) -> (result :S); }\n"
                               "struct S $Proxy.wrap(\"app::S\") { text @0 :Text; }";
    const char* const classes = "struct Text { std::string text; }; struct S : Text {};\n"
                                "class I { public: virtual ~I() = default; virtual S add(int) const noexcept = 0; };";
    EXPECT_THAT(compile(schema, classes, "proxy-client.c++"), IsEmpty());
    EXPECT_THAT(compile(schema, classes, "proxy-server.c++"), IsEmpty());
}

TEST_F(MismatchTest, NamesAMethodThatIsMissing)
{
    const std::string rest = " that is public, neither static nor overloaded";
    expectErrors(compile(R"(
            interface Missing $Proxy.wrap("app::Missing") { call @0 (); }
            interface Renamed $Proxy.wrap("app::Renamed") { call @0 () $Proxy.name("other"); }
            interface Private $Proxy.wrap("app::Private") { call @0 (); }
            interface Static $Proxy.wrap("app::Static") { call @0 (); }
            interface Member $Proxy.wrap("app::Member") { call @0 (); }
            interface Overloaded $Proxy.wrap("app::Overloaded") { call @0 (); })",
                         R"(
            class Missing {};
            class Renamed { public: void call(); };
            class Private { void call(); };
            class Static { public: static void call(); };
            class Member { public: int call; };
            class Overloaded { public: void call(); void call(int); };)",
                         "proxy.h"),
                 {"Missing.call: app::Missing has no method call" + rest,
                  "Renamed.call: app::Renamed has no method other" + rest,
                  "Private.call: app::Private has no method call" + rest,
                  "Static.call: app::Static has no method call" + rest,
                  "Member.call: app::Member has no method call" + rest,
                  "Overloaded.call: app::Overloaded has no method call" + rest});
}

TEST_F(MismatchTest, NamesAMethodOfAnotherShape)
{
    expectErrors(compile(R"(
            interface More $Proxy.wrap("app::More") { call @0 (a :Int32, b :Int32) -> (result :Int32); }
            interface Fewer $Proxy.wrap("app::Fewer") { call @0 (a :Int32) -> (result :Int32); }
            interface NoResult $Proxy.wrap("app::NoResult") { call @0 () -> (result :Int32); }
            interface Result $Proxy.wrap("app::Result") { call @0 (); })",
                         R"(
            class More { public: virtual int call(int, int, int) = 0; };
            class Fewer { public: virtual int call() = 0; };
            class NoResult { public: virtual void call() = 0; };
            class Result { public: virtual int call() = 0; };)",
                         "proxy.h"),
                 {"More.call: the schema's method has 2 C++ parameters, the C++ method has another number",
                  "Fewer.call: the schema's method has 1 C++ parameter, the C++ method has another number",
                  "NoResult.call: the schema has a result, the C++ method returns nothing",
                  "Result.call: the C++ method returns a value, the schema has no result"});
}

TEST_F(MismatchTest, NamesABaseThatIsMissing)
{
    expectErrors(compile(R"(
            interface Base $Proxy.wrap("app::Base") {}
            interface None extends(Base) $Proxy.wrap("app::None") {}
            interface Private extends(Base) $Proxy.wrap("app::Private") {}
            interface Twice extends(Base) $Proxy.wrap("app::Twice") {})",
                         R"(
            class Base {};
            class None {};
            class Private : Base {};
            class One : public Base {}; class Two : public Base {}; class Twice : public One, public Two {};)",
                         "proxy.h"),
                 {"None extends Base: app::None must be derived, publicly and once, from app::Base",
                  "Private extends Base: app::Private must be derived, publicly and once, from app::Base",
                  "Twice extends Base: app::Twice must be derived, publicly and once, from app::Base"});
}

const char* const UNMAPPED_SCHEMA = R"(
    interface Param $Proxy.wrap("app::Param") { call @0 (a :Int32, b :Int32); }
    interface Output $Proxy.wrap("app::Output") { call @0 () -> (a :Int32); }
    interface Pointer $Proxy.wrap("app::Pointer") { call @0 () -> (a :Int32); }
    interface Result $Proxy.wrap("app::Result") { call @0 () -> (result :Int32); }
    interface Error $Proxy.wrap("app::Error") { call @0 () -> (error :Text $Proxy.exception("app::Odd")); }
    interface Context $Proxy.wrap("app::Context") { call @0 (context :Proxy.Context); }
    interface Several $Proxy.wrap("app::Several") { call @0 (a :Data $Proxy.count(2)); })";

const char* const UNMAPPED_CLASSES = R"(
    class Param { public: virtual void call(int, const Odd&) = 0; };
    class Output { public: virtual void call(Odd&) = 0; };
    class Pointer { public: virtual void call(Odd*) = 0; };
    class Result { public: virtual Odd call() = 0; };
    class Error { public: virtual void call() = 0; };
    class Context { public: virtual void call() = 0; };
    class Several { public: virtual void call(int, int) = 0; };)";

TEST_F(MismatchTest, NamesAFieldWithoutMappingInTheClient)
{
    const std::string rest = ": its C++ and its schema type have no mapping";
    expectErrors(compile(UNMAPPED_SCHEMA, UNMAPPED_CLASSES, "proxy-client.c++"),
                 {"Param.call: parameter b" + rest, "Output.call: result a" + rest, "Result.call: result result" + rest,
                  "Context.call: parameter context" + rest + ": include the mp/type-*.h header that has",
                  "Several.call: parameter a: several C++ parameters need a CustomBuildField and a CustomPassField"});
}

TEST_F(MismatchTest, NamesAMethodThatCanNeitherThrowNorReturn)
{
    const char* const schema = "interface I $Proxy.wrap(\"app::I\") { make @0 () -> (result :Int32); }";
    const std::string result = R"(
        struct Fixed { explicit Fixed(int number) : number(number) {} int number; };
        template <typename Context, typename Input, typename ReadDest>
        decltype(auto) CustomReadField(mp::TypeList<Fixed>, mp::Priority<1>, Context&, Input&& input,
                                       ReadDest&& read_dest) { return read_dest.construct(input.get()); })";
    expectErrors(
        compile(schema, result + "class I { public: virtual Fixed make() noexcept = 0; };", "proxy-client.c++"),
        {"I.make: the C++ method is noexcept, but its result has no default value for a call that fails"});
    EXPECT_THAT(compile(schema, result + "class I { public: virtual Fixed make() = 0; };", "proxy-client.c++"),
                IsEmpty());
}

TEST_F(MismatchTest, NamesAFieldWithoutMappingInTheServer)
{
    const std::string rest = ": its C++ and its schema type have no mapping";
    expectErrors(compile(UNMAPPED_SCHEMA, UNMAPPED_CLASSES, "proxy-server.c++"),
                 {"Param.call: parameter b" + rest, "Output.call: result a" + rest, "Pointer.call: result a" + rest,
                  "Result.call: result result" + rest, "Error.call: result error" + rest,
                  "Several.call: parameter a: several C++ parameters need a CustomBuildField and a CustomPassField"});
}

TEST_F(MismatchTest, OfAnElementOrANumberSaysWhatIsMissing)
{
    expectErrors(compile(R"(
            interface I $Proxy.wrap("app::I") { element @0 (a :List(Int32)); number @1 (a :Int32); flag @2 (a :Int32); })",
                         R"(
            class I {
            public:
                virtual void element(const std::vector<Odd>&) = 0;
                virtual void number(long) = 0;
                virtual void flag(bool) = 0;
            };)",
                         "proxy-client.c++"),
                 {"", "this C++ type can't be built into this field: include the mp/type-*.h header that can",
                  "mismatched integral types", "capnp field type should be Bool for bool parameters"});
}

TEST_F(MismatchTest, NamesAMemberThatIsMissing)
{
    expectErrors(compile(R"(
            struct Missing $Proxy.wrap("app::Missing") { text @0 :Text; }
            struct Renamed $Proxy.wrap("app::Renamed") { text @0 :Text $Proxy.name("other"); }
            struct Private $Proxy.wrap("app::Private") { text @0 :Text; }
            struct Static $Proxy.wrap("app::Static") { text @0 :Text; }
            struct Method $Proxy.wrap("app::Method") { text @0 :Text; })",
                         R"(
            struct Missing {};
            struct Renamed { std::string text; };
            class Private { std::string text; };
            struct Static { static std::string text; };
            struct Method { std::string text(); };)",
                         "proxy-types.h"),
                 {"Missing.text: app::Missing has no accessible data member text",
                  "Renamed.text: app::Renamed has no accessible data member other",
                  "Private.text: app::Private has no accessible data member text",
                  "Static.text: app::Static has no accessible data member text",
                  "Method.text: app::Method has no accessible data member text"});
}

} // namespace
} // namespace mp::gen
