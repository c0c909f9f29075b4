#include "basic.h"
#include "loops.h"

#include <basic.capnp.h>
#include <basic.capnp.proxy.h>
#include <gmock/gmock.h>

// Generated code at work: kinds of parameters and results, callbacks, exceptions.

namespace mp {
namespace {

namespace messages = golden::messages;

class LocalCallback : public golden::Callback
{
public:
    explicit LocalCallback(int32_t factor) : m_factor(factor) {}
    int32_t call(int32_t arg) override { return arg * m_factor; }

private:
    int32_t m_factor;
};

class LocalBasic : public golden::Basic
{
public:
    int32_t add(int32_t a, int32_t b) override { return a + b; }
    void addOut(int32_t a, int32_t b, int32_t& sum) override { sum = a + b; }
    void addInOut(int32_t a, int32_t& sum) override { sum += a; }
    std::optional<int32_t> half(std::optional<int32_t> value) override
    {
        return value && *value % 2 == 0 ? std::optional<int32_t>(*value / 2) : std::nullopt;
    }
    void want(const std::string& name, int32_t* size, std::string* text) override
    {
        m_wanted = (size != nullptr ? 1 : 0) + (text != nullptr ? 2 : 0);
        if (size != nullptr) *size = static_cast<int32_t>(name.size());
        if (text != nullptr) *text = name + name;
    }
    golden::Item passItem(golden::Item item) override { return item; }
    std::map<std::string, int32_t> passMap(const std::map<std::string, int32_t>& map) override { return map; }
    double solve(const std::string& equation) override
    {
        if (equation == "fail") throw golden::Failure{"bad ", 7};
        if (equation == "throw") throw std::runtime_error("std text");
        if (equation == "int") throw 7;
        return 1.25;
    }
    void lend(golden::Callback& callback) override { m_lent = callback.call(21); }
    std::unique_ptr<golden::Callback> give(std::unique_ptr<golden::Callback> callback) override
    {
        if (!callback) return nullptr;
        return std::make_unique<LocalCallback>(callback->call(1) + 1);
    }
    void share(std::shared_ptr<golden::Callback> callback) override { m_shared = std::move(callback); }
    int32_t passFn(std::function<int32_t(int32_t)> fn) override { return fn ? fn(4) : -1; }
    bool ready() const override { return true; }
    int32_t size() const noexcept override { return 99; }
    std::string ordered(int32_t in, std::string& reason) override
    {
        reason = "because";
        return std::to_string(in);
    }
    void args(int argc, const char* const* argv) override { m_args.assign(argv, argv + argc); }
    void nothing() override { ++m_nothing; }
    std::string pooled(const std::string& text) override { return text; }

    int m_wanted{0};
    int32_t m_lent{0};
    int m_nothing{0};
    std::shared_ptr<golden::Callback> m_shared;
    std::vector<std::string> m_args;
};

class CallTest : public test::LoopsTest<messages::Init, LocalBasic>
{
};

TEST_F(CallTest, PassesNumbersInAndOut)
{
    EXPECT_EQ(m_client->add(1, 2), 3);
    int32_t sum = 0;
    m_client->addOut(3, 4, sum);
    EXPECT_EQ(sum, 7);
    m_client->addInOut(5, sum);
    EXPECT_EQ(sum, 12);
}

TEST_F(CallTest, PassesOptionalsByTheirCompanion)
{
    EXPECT_EQ(m_client->half(0), 0);
    EXPECT_EQ(m_client->half(3), std::nullopt);
    EXPECT_EQ(m_client->half(std::nullopt), std::nullopt);
}

TEST_F(CallTest, FillsOnlyThePointersThatAreGiven)
{
    int32_t size = 0;
    std::string text;
    m_client->want("abc", &size, nullptr);
    EXPECT_EQ(m_local.m_wanted, 1);
    EXPECT_EQ(size, 3);
    m_client->want("abc", nullptr, &text);
    EXPECT_EQ(m_local.m_wanted, 2);
    EXPECT_EQ(text, "abcabc");
    m_client->want("abc", nullptr, nullptr);
    EXPECT_EQ(m_local.m_wanted, 0);
}

TEST_F(CallTest, PassesStructsAndMaps)
{
    const golden::Item item = m_client->passItem({5, std::string("a\0b", 3), 9, {true, false, true}});
    EXPECT_EQ(item.number, 5);
    EXPECT_EQ(item.text, std::string("a\0b", 3));
    EXPECT_EQ(item.weight, 9);
    EXPECT_EQ(item.bits, (std::vector<bool>{true, false, true}));
    EXPECT_EQ(m_client->passItem({}).weight, std::nullopt);
    const std::map<std::string, int32_t> map{{"a", 1}, {"", -2}};
    EXPECT_EQ(m_client->passMap(map), map);
}

TEST_F(CallTest, ThrowsDeclaredExceptionsWithTheirType)
{
    EXPECT_EQ(m_client->solve("1"), 1.25);
    try {
        m_client->solve("fail");
        FAIL();
    } catch (const golden::Failure& e) {
        EXPECT_EQ(e.text, "bad ");
        EXPECT_EQ(e.position, 7);
    }
    EXPECT_EQ(failure([&] { m_client->solve("throw"); }), "std text");
    EXPECT_THAT(failure([&] { m_client->solve("int"); }), testing::HasSubstr("unknown non-KJ exception of type: int"));
    EXPECT_EQ(m_client->solve("1"), 1.25);
}

TEST_F(CallTest, CallsBackThroughReferencesPointersAndFunctions)
{
    LocalCallback callback(2);
    m_client->lend(callback);
    EXPECT_EQ(m_local.m_lent, 42);

    EXPECT_EQ(m_client->give(nullptr), nullptr);
    const std::unique_ptr<golden::Callback> given = m_client->give(std::make_unique<LocalCallback>(3));
    ASSERT_NE(given, nullptr);
    EXPECT_EQ(given->call(5), 20);

    EXPECT_EQ(m_client->passFn([](int32_t arg) { return arg + 1; }), 5);
    EXPECT_EQ(m_client->passFn(nullptr), -1);
    EXPECT_EQ(
        m_client->passFn([&](int32_t arg) { return m_client->passFn([arg](int32_t inner) { return arg * inner; }); }),
        16);
}

TEST_F(CallTest, SharesOwnershipUntilTheOtherSideDrops)
{
    auto callback = std::make_shared<LocalCallback>(1);
    m_client->share(callback);
    EXPECT_EQ(callback.use_count(), 2);
    ASSERT_NE(m_local.m_shared, nullptr);
    m_client->share(nullptr);
    EXPECT_EQ(callback.use_count(), 1);
}

TEST_F(CallTest, OverridesConstAndNoexceptMethods)
{
    const golden::Basic& basic = *m_client;
    EXPECT_TRUE(basic.ready());
    EXPECT_EQ(basic.size(), 99);
}

TEST_F(CallTest, TakesAResultDeclaredBeforeOutputs)
{
    std::string reason;
    EXPECT_EQ(m_client->ordered(17, reason), "17");
    EXPECT_EQ(reason, "because");
}

TEST_F(CallTest, PassesSeveralArgumentsInOneFieldThroughAHook)
{
    const char* const argv[] = {"one", "", "three"};
    m_client->args(3, argv);
    EXPECT_EQ(m_local.m_args, (std::vector<std::string>{"one", "", "three"}));
}

TEST_F(CallTest, CallsMethodsWithoutAnything)
{
    m_client->nothing();
    EXPECT_EQ(m_local.m_nothing, 1);
}

TEST_F(CallTest, SendsMarkedMethodsToThePool)
{
    const std::string error = failure([&] { m_client->pooled("x"); });
    EXPECT_NE(error.find("no thread specified and no pool configured"), std::string::npos) << error;
}

} // namespace
} // namespace mp
