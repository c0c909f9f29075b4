#include "loops.h"
#include "values.h"

#include <gmock/gmock.h>
#include <values.capnp.h>
#include <values.capnp.proxy.h>

// Generated code at work: kinds of values, and the hooks of applications.

namespace mp {
namespace {

namespace messages = golden::messages;

class LocalValues : public golden::Values
{
public:
    golden::Color passEnum(golden::Color color) override { return color; }
    std::vector<unsigned char> passData(const std::vector<unsigned char>& data) override { return data; }
    std::string passBytes(const std::string& data) override { return data; }
    golden::Array passArray(const golden::Array& array) override { return array; }
    std::set<std::string> passSet(const std::set<std::string>& set) override { return set; }
    std::unordered_set<int32_t> passHashed(std::unordered_set<int32_t> set) override { return set; }
    std::map<std::string, std::string> passMap(std::map<std::string, std::string> map) override { return map; }
    std::pair<int32_t, std::string> passPair(std::pair<int32_t, std::string> pair) override { return pair; }
    std::tuple<int32_t, std::string> passTuple(const std::tuple<int32_t, std::string>& tuple) override { return tuple; }
    std::chrono::milliseconds passTime(std::chrono::milliseconds time) override { return time; }
    std::shared_ptr<const std::string> passShared(std::shared_ptr<const std::string> text) override { return text; }
    std::vector<golden::SharedBytes> passList(std::vector<golden::SharedBytes> list) override { return list; }
    std::optional<std::string> passOptional(std::optional<std::string> text) override { return text; }
    golden::Empty passEmpty(golden::Empty empty) override { return empty; }
    golden::Custom passCustom(golden::Custom custom) override { return custom; }
    golden::Message passMessage(golden::Message message) override
    {
        message.trace += " call";
        return message;
    }
    void passMutable(golden::Mutable& value) override { value.trace += " call"; }
    int16_t passSmall(int16_t number) override
    {
        ++m_calls;
        return number;
    }
    golden::Fixed passFixed(golden::Fixed fixed) override { return fixed; }
    std::vector<std::vector<int32_t>> passNested(std::vector<std::vector<int32_t>> lists) override { return lists; }

    int m_calls{0};
};

class ValuesTest : public test::LoopsTest<messages::Values, LocalValues>
{
};

TEST_F(ValuesTest, PassesEnumsWithoutAZeroValue)
{
    EXPECT_EQ(m_client->passEnum(golden::Color::Blue), golden::Color::Blue);
}

TEST_F(ValuesTest, PassesBytesAlsoEmpty)
{
    const std::vector<unsigned char> data{0, 1, 255};
    EXPECT_EQ(m_client->passData(data), data);
    EXPECT_EQ(m_client->passData({}), std::vector<unsigned char>());
    const std::string bytes("\0\xff", 2);
    EXPECT_EQ(m_client->passBytes(bytes), bytes);
    EXPECT_EQ(m_client->passBytes(""), "");
}

TEST_F(ValuesTest, PassesArraysOfFixedSize)
{
    const golden::Array array{{1, 2, 3, 255}};
    EXPECT_EQ(m_client->passArray(array).bytes[3], 255);
}

TEST_F(ValuesTest, RefusesDataOfAnotherSizeThanTheArray)
{
    std::string error;
    m_client->m_context.loop->sync([&] {
        auto request = m_client->m_client.passArrayRequest();
        request.initArray().initBytes(3);
        auto promise =
            request.send().then([](auto&&) {}, [&](kj::Exception&& e) { error = e.getDescription().cStr(); });
        m_client->m_context.loop->m_task_set->add(kj::mv(promise));
    });
    // A later call is answered after the earlier one.
    m_client->passTime(std::chrono::milliseconds(1));
    m_client->m_context.loop->sync([&] { EXPECT_THAT(error, testing::HasSubstr("unexpected field size")); });
}

TEST_F(ValuesTest, RefusesNumbersOutOfRangeWithoutACall)
{
    EXPECT_EQ(m_client->passSmall(-5), -5);
    std::string error;
    m_client->m_context.loop->sync([&] {
        auto request = m_client->m_client.passSmallRequest();
        request.setNumber(40000);
        auto promise =
            request.send().then([](auto&&) {}, [&](kj::Exception&& e) { error = e.getDescription().cStr(); });
        m_client->m_context.loop->m_task_set->add(kj::mv(promise));
    });
    m_client->passTime(std::chrono::milliseconds(1));
    m_client->m_context.loop->sync(
        [&] { EXPECT_THAT(error, testing::HasSubstr("std::exception: out of bound int received")); });
    EXPECT_EQ(m_local.m_calls, 1);
}

TEST_F(ValuesTest, PassesContainers)
{
    const std::set<std::string> set{"b", "a"};
    EXPECT_EQ(m_client->passSet(set), set);
    const std::unordered_set<int32_t> hashed{3, -1};
    EXPECT_EQ(m_client->passHashed(hashed), hashed);
    const std::map<std::string, std::string> map{{"k", "v"}, {"", ""}};
    EXPECT_EQ(m_client->passMap(map), map);
    const std::vector<std::vector<int32_t>> nested{{1, 2}, {}, {3}};
    EXPECT_EQ(m_client->passNested(nested), nested);
}

TEST_F(ValuesTest, PassesPairsTuplesAndDurations)
{
    EXPECT_EQ(m_client->passPair({7, "x"}), std::pair(7, std::string("x")));
    EXPECT_EQ(m_client->passTuple({8, "y"}), std::tuple(8, std::string("y")));
    EXPECT_EQ(m_client->passTime(std::chrono::milliseconds(-3)), std::chrono::milliseconds(-3));
}

TEST_F(ValuesTest, TellsEmptyFromAbsent)
{
    const auto empty = m_client->passShared(std::make_shared<const std::string>());
    ASSERT_NE(empty, nullptr);
    EXPECT_EQ(*empty, "");
    EXPECT_EQ(m_client->passShared(nullptr), nullptr);
    EXPECT_EQ(m_client->passOptional(""), "");
    EXPECT_EQ(m_client->passOptional(std::nullopt), std::nullopt);
}

TEST_F(ValuesTest, AsksAHookWhetherListElementsAreThere)
{
    const auto list = m_client->passList({std::make_shared<const golden::Bytes>(golden::Bytes{'a'}), nullptr});
    ASSERT_EQ(list.size(), 2u);
    ASSERT_NE(list[0], nullptr);
    EXPECT_EQ(*list[0], golden::Bytes{'a'});
    EXPECT_EQ(list[1], nullptr);
}

TEST_F(ValuesTest, PassesEmptyStructs) { m_client->passEmpty({}); }

TEST_F(ValuesTest, PrefersTheHookToRead)
{
    const golden::Custom custom = m_client->passCustom({"text", 5});
    EXPECT_EQ(custom.text, "custom custom text");
    EXPECT_EQ(custom.number, 5);
}

TEST_F(ValuesTest, RunsMessageHooksInOrder)
{
    EXPECT_EQ(m_client->passMessage({"init"}).trace, "init build read call build read");
    golden::Mutable value{"init"};
    m_client->passMutable(value);
    EXPECT_EQ(value.trace, "init build pass call return read");
}

TEST_F(ValuesTest, PassesTypesThatCanOnlyBeMoved) { EXPECT_EQ(m_client->passFixed(golden::Fixed(11)).number(), 11); }

} // namespace
} // namespace mp
