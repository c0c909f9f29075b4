#include <capnp/message.h>
#include <cmath>
#include <gen/loops.h>
#include <gmock/gmock.h>
#include <limits>
#include <types/convert.capnp.h>
#include <types/convert.capnp.proxy-types.h>
#include <types/convert.capnp.proxy.h>

// Each type into a field and out of it again, as calls do it, but without one.

namespace types {
namespace {

using mp::BuildField;
using mp::Make;
using mp::ReadDestTemp;
using mp::ReadDestUpdate;
using mp::ReadField;
using mp::StructField;
using mp::TypeList;
using mp::ValueField;
using testing::ElementsAre;
using testing::Pair;

using Access = mp::ProxyStruct<messages::Fields>;

Point At(int32_t x, std::string label = {})
{
    Point point;
    point.x = x;
    point.label = std::move(label);
    return point;
}

#define EXPECT_FAILURE(statement, text) EXPECT_EQ(failure([&] { statement; }), text)

class ConvertTest : public mp::test::LoopsTest<messages::Nothing, Nothing>
{
protected:
    ConvertTest()
    {
        m_client->m_context.loop->sync([this] { m_connection = m_client->m_context.connection; });
    }

    template <typename Accessor, typename T>
    void build(T&& value)
    {
        mp::InvokeContext context{*m_connection};
        BuildField(TypeList<mp::Decay<T>>(), context, Make<StructField, Accessor>(m_fields), std::forward<T>(value));
    }
    template <typename Accessor, typename T>
    T read()
    {
        mp::InvokeContext context{*m_connection};
        const auto reader = m_fields.asReader();
        return ReadField(TypeList<T>(), context, Make<StructField, Accessor>(reader), ReadDestTemp<T>());
    }
    template <typename Accessor, typename T>
    void update(T& value)
    {
        mp::InvokeContext context{*m_connection};
        const auto reader = m_fields.asReader();
        ReadField(TypeList<T>(), context, Make<StructField, Accessor>(reader), ReadDestUpdate(value));
    }
    //! There and back.
    template <typename Accessor, typename T>
    T pass(T value)
    {
        m_fields = m_message->initRoot<messages::Fields>();
        build<Accessor>(std::move(value));
        return read<Accessor, T>();
    }
    template <typename Accessor, typename T>
    void expectExtremes()
    {
        EXPECT_EQ((pass<Accessor, T>(std::numeric_limits<T>::lowest())), std::numeric_limits<T>::lowest());
        EXPECT_EQ((pass<Accessor, T>(std::numeric_limits<T>::max())), std::numeric_limits<T>::max());
    }

    mp::Connection* m_connection{nullptr};
    const std::unique_ptr<capnp::MallocMessageBuilder> m_message = std::make_unique<capnp::MallocMessageBuilder>();
    messages::Fields::Builder m_fields = m_message->initRoot<messages::Fields>();
};

// Numbers

TEST_F(ConvertTest, PassesIntegersOfTheirWidth)
{
    expectExtremes<Access::Int8Accessor, int8_t>();
    expectExtremes<Access::Int16Accessor, int16_t>();
    expectExtremes<Access::Int32Accessor, int32_t>();
    expectExtremes<Access::Int64Accessor, int64_t>();
    expectExtremes<Access::UInt8Accessor, uint8_t>();
    expectExtremes<Access::UInt16Accessor, uint16_t>();
    expectExtremes<Access::UInt32Accessor, uint32_t>();
    expectExtremes<Access::UInt64Accessor, uint64_t>();
}

TEST_F(ConvertTest, PassesIntegersInWiderFields)
{
    expectExtremes<Access::Int64Accessor, uint32_t>();
    expectExtremes<Access::Int32Accessor, uint8_t>();
    expectExtremes<Access::Int32Accessor, int8_t>();
    expectExtremes<Access::UInt64Accessor, unsigned char>();
    expectExtremes<Access::Int64Accessor, char>();
}

TEST_F(ConvertTest, RefusesIntegersOutOfRange)
{
    const std::string error = "out of bound int received";
    m_fields.setInt32(-1);
    EXPECT_FAILURE((read<Access::Int32Accessor, uint32_t>()), error);
    EXPECT_FAILURE((read<Access::Int32Accessor, uint64_t>()), error);
    m_fields.setUInt32(0x80000000);
    EXPECT_FAILURE((read<Access::UInt32Accessor, int32_t>()), error);
    EXPECT_EQ((read<Access::UInt32Accessor, int64_t>()), 0x80000000);
    m_fields.setInt64(-129);
    EXPECT_FAILURE((read<Access::Int64Accessor, int8_t>()), error);
    m_fields.setUInt64(std::numeric_limits<uint64_t>::max());
    EXPECT_FAILURE((read<Access::UInt64Accessor, int64_t>()), error);
    EXPECT_FAILURE((read<Access::UInt64Accessor, int8_t>()), error);
    EXPECT_THROW((read<Access::UInt64Accessor, int8_t>()), std::range_error);
}

TEST_F(ConvertTest, LeavesTheOldValueOfOneThatIsRefused)
{
    m_fields.setInt32(1000);
    int8_t number = 7;
    EXPECT_THROW((update<Access::Int32Accessor>(number)), std::range_error);
    EXPECT_EQ(number, 7);
}

TEST_F(ConvertTest, PassesEnums)
{
    enum Unscoped : int16_t { MINUS = -5, PLUS = 5 };
    enum class Flag : bool { No, Yes };
    EXPECT_EQ((pass<Access::Int16Accessor>(MINUS)), MINUS);
    EXPECT_EQ((pass<Access::Int32Accessor>(MINUS)), MINUS);
    EXPECT_EQ((pass<Access::UInt8Accessor>(Color::Blue)), Color::Blue);
    EXPECT_EQ((pass<Access::Int8Accessor>(Color::Blue)), Color::Blue);
    EXPECT_EQ((pass<Access::ColorAccessor>(Color::Blue)), Color::Blue);
    EXPECT_EQ((pass<Access::BoolAccessor>(Flag::Yes)), Flag::Yes);
    EXPECT_EQ((pass<Access::UInt8Accessor>(Flag::Yes)), Flag::Yes);
    EXPECT_EQ((pass<Access::ColorsAccessor>(std::vector<Color>{Color::Blue, Color::Red})),
              (std::vector<Color>{Color::Blue, Color::Red}));
}

TEST_F(ConvertTest, TakesEnumsItDoesNotKnowAsTheyAre)
{
    m_fields.setColor(static_cast<messages::Color>(77));
    EXPECT_EQ(static_cast<int>(read<Access::ColorAccessor, Color>()), 77);
    m_fields.setUInt8(200);
    EXPECT_EQ(static_cast<int>(read<Access::UInt8Accessor, Color>()), 200);
}

TEST_F(ConvertTest, PassesFloatingPointNumbersExactly)
{
    expectExtremes<Access::Float32Accessor, float>();
    expectExtremes<Access::Float64Accessor, double>();
    EXPECT_EQ(pass<Access::Float64Accessor>(0.1), 0.1);
    EXPECT_EQ(pass<Access::Float32Accessor>(0.1f), 0.1f);
    EXPECT_TRUE(std::isnan(pass<Access::Float64Accessor>(std::numeric_limits<double>::quiet_NaN())));
    EXPECT_TRUE(std::signbit(pass<Access::Float64Accessor>(-0.0)));
}

TEST_F(ConvertTest, PassesBools)
{
    EXPECT_TRUE(pass<Access::BoolAccessor>(true));
    EXPECT_FALSE(pass<Access::BoolAccessor>(false));
    const std::vector<bool> bits{true, false, true};
    EXPECT_EQ(pass<Access::BitsAccessor>(bits), bits);
    EXPECT_EQ((pass<Access::BitsAccessor>(std::array<bool, 2>{false, true})), (std::array<bool, 2>{false, true}));
}

TEST_F(ConvertTest, BuildsListsOfBitsFromReferencesToThem)
{
    mp::InvokeContext context{*m_connection};
    std::vector<bool> bits{true, false};
    mp::BuildList(TypeList<bool>(), context, Make<StructField, Access::BitsAccessor>(m_fields), bits);
    EXPECT_EQ((read<Access::BitsAccessor, std::vector<bool>>()), bits);
    const std::vector<bool> const_bits{false, true};
    mp::BuildList(TypeList<bool>(), context, Make<StructField, Access::BitsAccessor>(m_fields), const_bits);
    EXPECT_EQ((read<Access::BitsAccessor, std::vector<bool>>()), const_bits);
}

TEST_F(ConvertTest, PassesTimes)
{
    using namespace std::chrono;
    EXPECT_EQ(pass<Access::Int64Accessor>(seconds(-7)), seconds(-7));
    EXPECT_EQ(pass<Access::Int64Accessor>(hours::max()), hours::max());
    using RealMilliseconds = duration<double, std::milli>;
    EXPECT_EQ(pass<Access::Float64Accessor>(RealMilliseconds(1.5)), RealMilliseconds(1.5));
    const system_clock::time_point now = system_clock::now();
    EXPECT_EQ(pass<Access::Int64Accessor>(now), now);
    using Days = time_point<system_clock, duration<int32_t, std::ratio<86400>>>;
    EXPECT_EQ(pass<Access::Int32Accessor>(Days(Days::duration(20000))), Days(Days::duration(20000)));
}

TEST_F(ConvertTest, RefusesTimesOutOfRange)
{
    using Short = std::chrono::duration<int16_t>;
    using Long = std::chrono::duration<int64_t>;
    const std::string error = "out of bound int received";
    m_fields.setInt64(40000);
    EXPECT_FAILURE((read<Access::Int64Accessor, Short>()), error);
    for (const double count : {1e300, -1e300, 9223372036854775808.0, std::numeric_limits<double>::infinity(),
                               std::numeric_limits<double>::quiet_NaN()}) {
        m_fields.setFloat64(count);
        EXPECT_FAILURE((read<Access::Float64Accessor, Long>()), error);
    }
    m_fields.setFloat64(-9223372036854775808.0);
    EXPECT_EQ((read<Access::Float64Accessor, Long>()), Long::min());
    m_fields.setFloat64(-32768.5);
    EXPECT_EQ((read<Access::Float64Accessor, Short>()), Short::min());
}

// Text and data

TEST_F(ConvertTest, PassesTextWithNuls)
{
    const std::string text("\0a\0", 3);
    EXPECT_EQ(pass<Access::TextAccessor>(text), text);
    EXPECT_EQ(pass<Access::TextAccessor>(std::string_view(text)), text);
    EXPECT_EQ(m_fields.getText().size(), 3u);
}

TEST_F(ConvertTest, ReadsUnsetFieldsAsEmpty)
{
    EXPECT_EQ((read<Access::TextAccessor, std::string>()), "");
    EXPECT_EQ((read<Access::DataAccessor, std::vector<char>>()), std::vector<char>());
    std::string text = "old";
    update<Access::TextAccessor>(text);
    EXPECT_EQ(text, "");
    std::vector<std::string> texts{"old"};
    update<Access::TextsAccessor>(texts);
    EXPECT_TRUE(texts.empty());
    EXPECT_EQ((read<Access::PairAccessor, std::pair<int32_t, std::string>>()), std::pair(0, std::string()));
    EXPECT_EQ((read<Access::PointAccessor, Point>()).label, "");
}

//! A container of bytes of the application.
class OwnBytes
{
public:
    OwnBytes(const std::byte* begin, const std::byte* end) : m_bytes(begin, end) {}
    operator std::span<const std::byte>() const { return m_bytes; }

private:
    std::vector<std::byte> m_bytes;
};

TEST_F(ConvertTest, PassesContainersOfBytes)
{
    const std::vector<char> chars{'\0', '\xff'};
    EXPECT_EQ(pass<Access::DataAccessor>(chars), chars);
    EXPECT_EQ(pass<Access::DataAccessor>(std::vector<signed char>{-1}), std::vector<signed char>{-1});
    EXPECT_EQ(pass<Access::DataAccessor>(std::vector<std::byte>{std::byte{1}}), std::vector<std::byte>{std::byte{1}});
    EXPECT_EQ(pass<Access::DataAccessor>(std::vector<unsigned char>()), std::vector<unsigned char>());
    EXPECT_EQ(pass<Access::DataAccessor>(std::string("\0x", 2)), std::string("\0x", 2));
    const std::byte bytes[]{std::byte{3}, std::byte{4}};
    const OwnBytes passed = pass<Access::DataAccessor>(OwnBytes(bytes, bytes + 2));
    EXPECT_THAT(std::span<const std::byte>(passed), ElementsAre(std::byte{3}, std::byte{4}));
    EXPECT_EQ(pass<Access::DatasAccessor>(std::vector<std::vector<char>>{chars, {}}),
              (std::vector<std::vector<char>>{chars, {}}));
}

TEST_F(ConvertTest, PassesBytesAsNumbersWhereTheFieldIsAList)
{
    const std::vector<signed char> bytes{1, -1};
    EXPECT_EQ(pass<Access::BytesAccessor>(bytes), bytes);
    EXPECT_EQ((pass<Access::BytesAccessor>(std::array<signed char, 2>{1, -1})), (std::array<signed char, 2>{1, -1}));
}

TEST_F(ConvertTest, RefusesArraysOfAnotherSize)
{
    m_fields.initNumbers(2);
    EXPECT_FAILURE((read<Access::NumbersAccessor, std::array<int32_t, 3>>()), "unexpected list size");
    m_fields.initData(2);
    EXPECT_FAILURE((read<Access::DataAccessor, std::array<char, 3>>()), "unexpected field size");
    EXPECT_EQ((pass<Access::NumbersAccessor>(std::array<int32_t, 0>())), (std::array<int32_t, 0>()));
    EXPECT_EQ((pass<Access::DataAccessor>(std::array<char, 0>())), (std::array<char, 0>()));
}

// Values that may be absent

TEST_F(ConvertTest, LetsTheCompanionDecideWhetherThereIsAValue)
{
    using Number = std::optional<int32_t>;
    EXPECT_EQ(pass<Access::MaybeAccessor>(Number(0)), Number(0));
    EXPECT_EQ(pass<Access::MaybeAccessor>(Number()), Number());
    EXPECT_FALSE(m_fields.getHasMaybe());
    using Text = std::optional<std::string>;
    EXPECT_EQ(pass<Access::MaybeTextAccessor>(Text("")), Text(""));
    EXPECT_EQ(pass<Access::MaybeTextAccessor>(Text()), Text());
    m_fields.setMaybeText("there, but not marked");
    EXPECT_EQ((read<Access::MaybeTextAccessor, Text>()), Text());
    m_fields.setHasMaybeText(true);
    m_fields.disownMaybeText();
    EXPECT_EQ((read<Access::MaybeTextAccessor, Text>()), Text(""));
    const int32_t number = 3;
    build<Access::MaybeAccessor>(&number);
    EXPECT_TRUE(m_fields.getHasMaybe());
}

TEST_F(ConvertTest, ReadsOptionalsIntoTheirOldValue)
{
    std::optional<Point> point = At(1, "old");
    update<Access::PointAccessor>(point);
    EXPECT_FALSE(point);
    build<Access::PointAccessor>(At(2, "new"));
    update<Access::PointAccessor>(point);
    ASSERT_TRUE(point);
    const Point* const address = &*point;
    m_fields.getPoint().setX(3);
    update<Access::PointAccessor>(point);
    EXPECT_EQ(&*point, address);
    EXPECT_EQ(point->x, 3);
}

TEST_F(ConvertTest, TellsAbsentElementsFromEmptyOnes)
{
    const std::vector<std::optional<std::string>> texts{"", std::nullopt};
    EXPECT_EQ(pass<Access::TextsAccessor>(texts), texts);
    const std::vector<std::optional<std::vector<char>>> datas{std::vector<char>(), std::nullopt, std::vector{'a'}};
    EXPECT_EQ(pass<Access::DatasAccessor>(datas), datas);
    const std::vector<std::optional<std::vector<int32_t>>> lists{std::vector<int32_t>(), std::nullopt, std::vector{1}};
    EXPECT_EQ(pass<Access::ListsAccessor>(lists), lists);
    const std::set<std::optional<std::string>> set{"a", std::nullopt};
    EXPECT_EQ(pass<Access::TextsAccessor>(set), set);
}

TEST_F(ConvertTest, MakesANewObjectBehindASharedPointerToConst)
{
    build<Access::PointAccessor>(At(2));
    const auto old = std::make_shared<const Point>(At(1));
    std::shared_ptr<const Point> point = old;
    update<Access::PointAccessor>(point);
    EXPECT_NE(point, old);
    EXPECT_EQ(old->x, 1);
    EXPECT_EQ(point->x, 2);
    m_fields.disownPoint();
    update<Access::PointAccessor>(point);
    EXPECT_EQ(point, nullptr);
}

TEST_F(ConvertTest, ReadsIntoTheObjectBehindASharedPointer)
{
    build<Access::PointAccessor>(std::make_shared<Point>(At(2)));
    const auto old = std::make_shared<Point>(At(1));
    std::shared_ptr<Point> point = old;
    update<Access::PointAccessor>(point);
    EXPECT_EQ(point, old);
    EXPECT_EQ(old->x, 2);
    point = nullptr;
    update<Access::PointAccessor>(point);
    EXPECT_EQ(point->x, 2);
    m_fields.disownPoint();
    update<Access::PointAccessor>(point);
    EXPECT_EQ(point, nullptr);
}

TEST_F(ConvertTest, LeavesNullElementsEmpty)
{
    using Texts = std::vector<std::shared_ptr<const std::string>>;
    const Texts texts = pass<Access::TextsAccessor>(Texts{nullptr, std::make_shared<const std::string>("a")});
    ASSERT_EQ(texts.size(), 2u);
    // Elements of lists always have a value, unless a hook says otherwise.
    ASSERT_NE(texts[0], nullptr);
    EXPECT_EQ(*texts[0], "");
    EXPECT_EQ(*texts[1], "a");
}

TEST_F(ConvertTest, ReadsIntoWhatAPointerPointsTo)
{
    Point point = At(4);
    Point* pointer = &point;
    build<Access::PointAccessor>(pointer);
    Point other;
    pointer = &other;
    update<Access::PointAccessor>(pointer);
    EXPECT_EQ(other.x, 4);
    pointer = nullptr;
    update<Access::PointAccessor>(pointer);
    EXPECT_EQ(pointer, nullptr);
    m_fields.disownPoint();
    build<Access::PointAccessor>(pointer);
    EXPECT_FALSE(m_fields.hasPoint());
}

// Several values

TEST_F(ConvertTest, ReplacesWhatAContainerHeld)
{
    std::vector<int32_t> vector{9};
    std::set<int32_t> set{9};
    std::unordered_set<int32_t> hashed{9};
    build<Access::NumbersAccessor>(std::vector<int32_t>{3, 1});
    update<Access::NumbersAccessor>(vector);
    update<Access::NumbersAccessor>(set);
    update<Access::NumbersAccessor>(hashed);
    EXPECT_THAT(vector, ElementsAre(3, 1));
    EXPECT_THAT(set, ElementsAre(1, 3));
    EXPECT_EQ(hashed, (std::unordered_set<int32_t>{1, 3}));
    std::map<int32_t, std::string> map{{9, "x"}};
    std::vector<bool> bits{true};
    update<Access::PairsAccessor>(map);
    update<Access::BitsAccessor>(bits);
    EXPECT_TRUE(map.empty());
    EXPECT_TRUE(bits.empty());
}

TEST_F(ConvertTest, KeepsTheFirstOfEqualKeys)
{
    build<Access::PairsAccessor>(std::vector<std::pair<int32_t, std::string>>{{1, "first"}, {2, ""}, {1, "second"}});
    EXPECT_THAT((read<Access::PairsAccessor, std::map<int32_t, std::string>>()),
                ElementsAre(Pair(1, "first"), Pair(2, "")));
    build<Access::NumbersAccessor>(std::vector<int32_t>{5, 5});
    EXPECT_THAT((read<Access::NumbersAccessor, std::set<int32_t>>()), ElementsAre(5));
}

//! A hash of the application.
struct OwnHash
{
    size_t operator()(int32_t number) const { return static_cast<size_t>(number) * 7; }
};

TEST_F(ConvertTest, LeavesSetsWithOtherHashesToHooks)
{
    using Own = std::unordered_set<int32_t, OwnHash>;
    EXPECT_EQ(pass<Access::NumbersAccessor>(Own{1, 2}), (Own{-1, 1, 2}));
    using Standard = std::unordered_set<int32_t>;
    EXPECT_EQ(pass<Access::NumbersAccessor>(Standard{1, 2}), (Standard{1, 2}));
}

TEST_F(ConvertTest, PassesPairsOfStructsOfAnyKind)
{
    using Nested = std::pair<std::string, std::pair<int32_t, std::string>>;
    const Nested nested{"k", {1, "v"}};
    EXPECT_EQ(pass<Access::GenericAccessor>(nested), nested);
    const std::pair<int32_t, std::string> gaps{1, "two"};
    EXPECT_EQ(pass<Access::GapsAccessor>(gaps), gaps);
    EXPECT_EQ(m_fields.getGaps().getFirst(), 1);
}

TEST_F(ConvertTest, PassesTuplesOfAnySize)
{
    EXPECT_EQ(pass<Access::PairAccessor>(std::tuple<>()), std::tuple<>());
    EXPECT_EQ(pass<Access::PairAccessor>(std::tuple<int32_t>(5)), std::tuple<int32_t>(5));
    const std::tuple<int32_t, std::string, bool> three(1, "two", true);
    EXPECT_EQ(pass<Access::GapsAccessor>(three), three);
    std::tuple<int32_t, std::shared_ptr<std::string>> updated(0, std::make_shared<std::string>("old"));
    const auto pointee = std::get<1>(updated);
    build<Access::PairAccessor>(std::tuple<int32_t, std::string>(7, "new"));
    update<Access::PairAccessor>(updated);
    EXPECT_EQ(std::get<0>(updated), 7);
    EXPECT_EQ(*pointee, "new");
}

TEST_F(ConvertTest, PassesValuesThatCanOnlyBeMoved)
{
    EXPECT_EQ(pass<Access::Int32Accessor>(Fixed(1)).number(), 1);
    EXPECT_EQ((pass<Access::PairAccessor>(std::pair<Fixed, std::string>(2, "x"))).first.number(), 2);
    EXPECT_EQ(pass<Access::Int32Accessor>(std::make_shared<Fixed>(3))->number(), 3);
    std::vector<Fixed> vector;
    vector.emplace_back(4);
    EXPECT_EQ(pass<Access::NumbersAccessor>(std::move(vector)).at(0).number(), 4);
    std::map<Fixed, std::string> map;
    map.emplace(5, "five");
    EXPECT_EQ(pass<Access::PairsAccessor>(std::move(map)).at(Fixed(5)), "five");
    std::optional<Fixed> optional(6);
    EXPECT_EQ(pass<Access::MaybeAccessor>(std::move(optional))->number(), 6);
    std::set<Fixed> set;
    set.emplace(7);
    EXPECT_EQ(pass<Access::NumbersAccessor>(std::move(set)).begin()->number(), 7);
}

TEST_F(ConvertTest, ReplacesValuesThatCanNotBeAssigned)
{
    m_fields.setInt32(8);
    Fixed fixed(1);
    update<Access::Int32Accessor>(fixed);
    EXPECT_EQ(fixed.number(), 8);
    std::pair<Fixed, std::string> pair(1, "old");
    build<Access::PairAccessor>(std::pair<int32_t, std::string>(2, "new"));
    update<Access::PairAccessor>(pair);
    EXPECT_EQ(pair.first.number(), 2);
    EXPECT_EQ(pair.second, "new");
}

TEST_F(ConvertTest, PassesStructsMemberByMember)
{
    const Point point{1, "a", 0.5, {"s", "t"}, Color::Blue};
    const Point passed = pass<Access::PointAccessor>(point);
    EXPECT_EQ(passed.x, 1);
    EXPECT_EQ(passed.label, "a");
    EXPECT_EQ(passed.weight, 0.5);
    EXPECT_THAT(passed.tags, ElementsAre("s", "t"));
    EXPECT_EQ(passed.from, Color::Blue);
    EXPECT_EQ(pass<Access::PointsAccessor>(std::vector<Point>{point, {}}).at(0).label, "a");
    pass<Access::EmptyAccessor>(Empty());
    EXPECT_TRUE(m_fields.hasEmpty());
}

TEST_F(ConvertTest, PassesStructsThatAnApplicationWraps)
{
    const Noted passed = pass<Access::PairAccessor>(Noted{3, "three"});
    EXPECT_EQ(passed.number, 3);
    EXPECT_EQ(passed.text, "three");
}

TEST_F(ConvertTest, PassesStructsOfStructsOfTheirOwnKind)
{
    const Tree tree = pass<Access::TreeAccessor>(Tree{"root", {{"a", {}}, {"b", {{"c", {}}}}}});
    ASSERT_EQ(tree.children.size(), 2u);
    EXPECT_EQ(tree.children[1].children.at(0).name, "c");
}

TEST_F(ConvertTest, PassesVariantsOfAnything)
{
    using Choice = std::variant<Point, std::vector<int32_t>, Color, std::pair<int32_t, std::string>>;
    EXPECT_EQ(std::get<0>(pass<Access::ChoiceAccessor>(Choice(At(3)))).x, 3);
    EXPECT_THAT(std::get<1>(pass<Access::ChoiceAccessor>(Choice(std::vector{1, 2}))), ElementsAre(1, 2));
    EXPECT_EQ(std::get<2>(pass<Access::ChoiceAccessor>(Choice(Color::Blue))), Color::Blue);
    EXPECT_EQ(std::get<3>(pass<Access::ChoiceAccessor>(Choice(std::pair(4, std::string("x"))))).second, "x");
    Choice changed(Color::Blue);
    build<Access::ChoiceAccessor>(Choice(std::vector{5}));
    update<Access::ChoiceAccessor>(changed);
    EXPECT_THAT(std::get<1>(changed), ElementsAre(5));
}

TEST_F(ConvertTest, RefusesUnionMembersItDoesNotKnow)
{
    build<Access::ChoiceAccessor>(
        std::variant<Point, std::vector<int32_t>, Color, std::pair<int32_t, std::string>>(std::in_place_index<3>));
    // A member that a later version of the schema has added.
    auto words = capnp::AnyStruct::Builder(m_fields.getChoice()).getDataSection();
    for (auto& byte : words) {
        if (byte == 3) byte = 9;
    }
    EXPECT_FAILURE((read<Access::ChoiceAccessor,
                         std::variant<Point, std::vector<int32_t>, Color, std::pair<int32_t, std::string>>>()),
                   "unknown union member received");
}

// The rest

TEST_F(ConvertTest, BuildsAnythingIntoVoidAndVoidIntoAnything)
{
    build<Access::NothingAccessor>(5);
    build<Access::NothingAccessor>(std::thread::id());
    m_fields.setInt32(6);
    mp::InvokeContext context{*m_connection};
    BuildField(TypeList<int32_t>(), context, Make<StructField, Access::Int32Accessor>(m_fields), capnp::Void());
    BuildField(TypeList<std::string&&>(), context, Make<StructField, Access::TextAccessor>(m_fields), capnp::Void());
    EXPECT_EQ(m_fields.getInt32(), 6);
    EXPECT_FALSE(m_fields.hasText());
}

TEST_F(ConvertTest, ThrowsWhatAnExceptionSaid)
{
    mp::InvokeContext context{*m_connection};
    for (const char* const text : {"broken", ""}) {
        const std::runtime_error error(text);
        BuildField(TypeList<std::exception>(), context, Make<StructField, Access::TextAccessor>(m_fields),
                   static_cast<const std::exception&>(error));
        EXPECT_TRUE(m_fields.hasText());
        const auto reader = m_fields.asReader();
        try {
            mp::ThrowField(TypeList<std::exception>(), context, Make<StructField, Access::TextAccessor>(reader));
            FAIL() << "not thrown";
        } catch (const std::runtime_error& thrown) {
            EXPECT_STREQ(thrown.what(), text);
        }
    }
    build<Access::PointAccessor>(At(9));
    const auto reader = m_fields.asReader();
    try {
        mp::ThrowField(TypeList<Point>(), context, Make<StructField, Access::PointAccessor>(reader));
        FAIL() << "not thrown";
    } catch (const Point& thrown) {
        EXPECT_EQ(thrown.x, 9);
    }
}

TEST_F(ConvertTest, GivesBuildersTheValuesAsTheyAreGiven)
{
    const Tracked kept;
    build<Access::TextAccessor>(kept);
    EXPECT_STREQ(m_fields.getText().cStr(), "const lvalue");
    EXPECT_EQ(pass<Access::TextAccessor>(Tracked()).arrived, "rvalue");
    EXPECT_EQ(pass<Access::TextAccessor>(std::optional<Tracked>(Tracked()))->arrived, "rvalue");
    EXPECT_EQ((pass<Access::PairAccessor>(std::pair<int32_t, Tracked>())).second.arrived, "rvalue");
    EXPECT_EQ(std::get<1>(pass<Access::PairAccessor>(std::tuple<int32_t, Tracked>())).arrived, "rvalue");
    EXPECT_EQ(pass<Access::TextsAccessor>(std::vector<Tracked>(1)).at(0).arrived, "rvalue");
    EXPECT_EQ((pass<Access::PairsAccessor>(std::map<int32_t, Tracked>{{1, {}}})).at(1).arrived, "rvalue");
    EXPECT_EQ((pass<Access::TextsAccessor>(std::array<Tracked, 1>()))[0].arrived, "rvalue");
    const std::vector<Tracked> vector(1);
    build<Access::TextsAccessor>(vector);
    EXPECT_STREQ(m_fields.getTexts()[0].cStr(), "const lvalue");
    const std::optional<Tracked> optional = kept;
    build<Access::TextAccessor>(optional);
    EXPECT_STREQ(m_fields.getText().cStr(), "const lvalue");
    mp::InvokeContext context{*m_connection};
    BuildField(TypeList<const Tracked&>(), context, Make<StructField, Access::TextAccessor>(m_fields), kept);
    EXPECT_STREQ(m_fields.getText().cStr(), "const lvalue");
    Tracked changed;
    BuildField(TypeList<Tracked&>(), context, Make<StructField, Access::TextAccessor>(m_fields), changed);
    EXPECT_STREQ(m_fields.getText().cStr(), "lvalue");
    BuildField(TypeList<Tracked&&>(), context, Make<StructField, Access::TextAccessor>(m_fields), std::move(changed));
    EXPECT_STREQ(m_fields.getText().cStr(), "rvalue");
}

} // namespace
} // namespace types
