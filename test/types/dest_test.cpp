#include <capnp/message.h>
#include <gmock/gmock.h>
#include <mp/proxy-types.h>
#include <types/convert.capnp.h>
#include <types/convert.capnp.proxy.h>

// Places of values: fields and elements of messages, and where readers put what they read.

namespace types {
namespace {

using mp::Make;
using mp::ReadDestEmplace;
using mp::ReadDestTemp;
using mp::ReadDestUpdate;
using mp::StructField;
using mp::TypeList;
using mp::ValueField;

using Access = mp::ProxyStruct<messages::Fields>;

//! Counts objects, and can't be assigned.
struct Counted
{
    Counted() { ++count; }
    explicit Counted(int value) : value(value)
    {
        if (value < 0) throw std::runtime_error("negative");
        ++count;
    }
    Counted(const Counted& other) : value(other.value) { ++count; }
    Counted& operator=(const Counted&) = delete;
    ~Counted() { --count; }

    int value{0};
    static inline int count = 0;
};

TEST(ReadDestEmplace, ReturnsWhatItsFunctionReturns)
{
    std::vector<std::string> list;
    ReadDestEmplace dest(
        TypeList<std::string>(), [&](auto&&... args) -> auto& {
            return list.emplace_back(std::forward<decltype(args)>(args)...);
        });
    std::string& made = dest.construct(3, 'x');
    EXPECT_EQ(&made, &list[0]);
    EXPECT_EQ(made, "xxx");
    ReadDestEmplace by_value(TypeList<int>(), [](auto... args) { return (args + ... + 0); });
    EXPECT_EQ(by_value.construct(1, 2), 3);
    ReadDestEmplace throws(TypeList<int>(), [](auto...) -> int& { throw std::logic_error("made"); });
    EXPECT_THROW(throws.construct(1), std::logic_error);
}

TEST(ReadDestEmplace, UpdatesWhatItMade)
{
    std::vector<std::string> list;
    ReadDestEmplace dest(
        TypeList<std::string>(), [&](auto&&... args) -> auto& {
            return list.emplace_back(std::forward<decltype(args)>(args)...);
        });
    std::string& made = dest.update([](std::string& value) { value += "new"; });
    EXPECT_EQ(&made, &list[0]);
    EXPECT_EQ(made, "new");
}

TEST(ReadDestEmplace, UpdatesBeforeItMakesWhatIsConstThen)
{
    std::set<std::string> set;
    ReadDestEmplace dest(TypeList<const std::string>(), [&](auto&&... args) -> const std::string& {
        return *set.emplace(std::forward<decltype(args)>(args)...).first;
    });
    const std::string& made = dest.update([](std::string& value) { value += "new"; });
    EXPECT_EQ(&made, &*set.begin());
    EXPECT_EQ(made, "new");
}

TEST(ReadDestUpdate, ReplacesTheObject)
{
    {
        Counted value(1);
        ReadDestUpdate dest(value);
        EXPECT_EQ(&dest.construct(5), &value);
        EXPECT_EQ(value.value, 5);
        EXPECT_EQ(&dest.update([](Counted& updated) { updated.value = 6; }), &value);
        EXPECT_EQ(value.value, 6);
        EXPECT_EQ(Counted::count, 1);
    }
    EXPECT_EQ(Counted::count, 0);
}

TEST(ReadDestUpdate, LeavesAnObjectWhenTheNewOneCanNotBeMade)
{
    {
        Counted value(1);
        ReadDestUpdate dest(value);
        EXPECT_THROW(dest.construct(-1), std::runtime_error);
        EXPECT_EQ(value.value, 1);
        EXPECT_EQ(Counted::count, 1);
    }
    EXPECT_EQ(Counted::count, 0);
}

//! Stays where it is.
struct Pinned
{
    Pinned() { ++count; }
    explicit Pinned(int value) : value(value)
    {
        if (value < 0) throw std::runtime_error("negative");
        ++count;
    }
    Pinned(const Pinned&) = delete;
    Pinned& operator=(const Pinned&) = delete;
    ~Pinned() { --count; }

    int value{0};
    static inline int count = 0;
};

TEST(ReadDestUpdate, ReplacesAnObjectThatCanNotBeMoved)
{
    {
        Pinned value(1);
        ReadDestUpdate dest(value);
        EXPECT_EQ(&dest.construct(5), &value);
        EXPECT_EQ(value.value, 5);
        EXPECT_EQ(Pinned::count, 1);
    }
    EXPECT_EQ(Pinned::count, 0);
}

TEST(ReadDestUpdate, LeavesADefaultObjectWhenOneThatCanNotBeMovedCanNotBeMade)
{
    {
        Pinned value(1);
        ReadDestUpdate dest(value);
        EXPECT_THROW(dest.construct(-1), std::runtime_error);
        EXPECT_EQ(value.value, 0);
        EXPECT_EQ(Pinned::count, 1);
    }
    EXPECT_EQ(Pinned::count, 0);
}

TEST(ReadDestTemp, ReturnsANewValue)
{
    struct Aggregate
    {
        int a;
        std::string b;
    };
    EXPECT_EQ(ReadDestTemp<Aggregate>().construct(1, "x").b, "x");
    EXPECT_EQ(ReadDestTemp<std::unique_ptr<int>>().construct(std::make_unique<int>(3)).operator*(), 3);
    EXPECT_EQ(ReadDestTemp<std::string>().update([](std::string& value) { value = "y"; }), "y");
    static_assert(std::is_same_v<decltype(ReadDestTemp<int>().construct(1)), int>);
}

TEST(ValueField, IsTheValueItself)
{
    int number = 1;
    ValueField field(number);
    EXPECT_EQ(&field.get(), &number);
    EXPECT_EQ(&field.init(), &number);
    EXPECT_EQ(&field.m_value, &number);
    EXPECT_TRUE(field.has());
    EXPECT_EQ(ValueField(7).get(), 7);
    const int constant = 2;
    static_assert(std::is_same_v<decltype(Make<ValueField>(constant)), ValueField<const int>>);
    EXPECT_EQ(Make<ValueField>(constant).get(), 2);
}

TEST(StructField, HasItsCompanionsWord)
{
    capnp::MallocMessageBuilder message;
    auto builder = message.initRoot<messages::Fields>();
    StructField<Access::MaybeTextAccessor, messages::Fields::Builder> companion{builder};
    StructField<Access::TextAccessor, messages::Fields::Builder> boxed{builder};
    const auto plain = Make<StructField, Access::Int32Accessor>(builder);
    companion.set("set, but not marked");
    EXPECT_FALSE(companion.has());
    companion.setHas();
    EXPECT_TRUE(companion.has());
    EXPECT_FALSE(boxed.has());
    boxed.setHas();
    EXPECT_FALSE(boxed.has());
    boxed.init(1);
    EXPECT_TRUE(boxed.has());
    EXPECT_TRUE(plain.has());
    plain.setHas();
    plain.setWant();
    EXPECT_TRUE(plain.want());
    plain.set(5);
    const auto reader = builder.asReader();
    EXPECT_EQ((Make<StructField, Access::Int32Accessor>(reader).get()), 5);
    static_assert(std::is_same_v<decltype(Make<StructField, Access::Int32Accessor>(reader)),
                                 StructField<Access::Int32Accessor, const messages::Fields::Reader>>);
}

TEST(ListOutput, IsOneElement)
{
    capnp::MallocMessageBuilder message;
    auto builder = message.initRoot<messages::Fields>();
    auto numbers = builder.initNumbers(2);
    mp::ListOutput<capnp::List<int32_t>> number(numbers, 1);
    number.set(8);
    EXPECT_EQ(number.get(), 8);
    EXPECT_EQ(numbers[0], 0);
    auto points = builder.initPoints(1);
    mp::ListOutput<typename decltype(points)::Builds>(points, 0).init().setX(3);
    EXPECT_EQ(points[0].getX(), 3);
    auto texts = builder.initTexts(2);
    mp::ListOutput<capnp::List<capnp::Text>>(texts, 0).init(2u)[0] = 'a';
    EXPECT_EQ(texts[0].size(), 2u);
    mp::ListOutput<capnp::List<capnp::Text>>(texts, 1).set("b");
    EXPECT_STREQ(texts[1].cStr(), "b");
    auto lists = builder.initLists(1);
    mp::ListOutput<typename decltype(lists)::Builds>(lists, 0).init(3u).set(2, 4);
    EXPECT_EQ(lists[0][2], 4);
}

} // namespace
} // namespace types
