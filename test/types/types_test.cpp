#include <gen/loops.h>
#include <gmock/gmock.h>
#include <types/types.capnp.h>
#include <types/types.capnp.proxy.h>

// Values that the library knows, through a client and a server.

namespace types {
namespace {

using testing::ElementsAre;

class LocalItem : public Item
{
public:
    explicit LocalItem(int32_t number) : m_number(number) {}
    int32_t number() const override { return m_number; }

private:
    const int32_t m_number;
};

class LocalTypes : public Types
{
public:
    std::array<int32_t, 3> array(const std::array<int32_t, 3>& numbers, std::array<std::byte, 2> bytes) override
    {
        return {numbers[2], static_cast<int32_t>(bytes[1]), numbers[0]};
    }
    std::string view(std::string_view text, std::span<const std::byte> bytes,
                     kj::ArrayPtr<const kj::byte> more) override
    {
        m_views = {text.data(), reinterpret_cast<const char*>(bytes.data()),
                   reinterpret_cast<const char*>(more.begin())};
        std::string all(text);
        for (const std::byte byte : bytes) all += static_cast<char>(byte);
        for (const kj::byte byte : more) all += static_cast<char>(byte);
        return all;
    }
    Choice choose(const Choice& choice) override { return choice; }
    std::vector<std::optional<std::string>> optionals(std::vector<std::optional<std::string>> texts) override
    {
        return texts;
    }
    std::vector<std::unique_ptr<Item>> makeItems(int32_t count) override
    {
        std::vector<std::unique_ptr<Item>> items;
        for (int32_t i = 0; i < count; ++i) items.push_back(i % 3 == 2 ? nullptr : std::make_unique<LocalItem>(i));
        return items;
    }
    int32_t sumItems(std::vector<std::shared_ptr<Item>> items) override
    {
        int32_t sum = 0;
        for (const auto& item : items) sum += item ? item->number() : 100;
        return sum;
    }
    Triple triple(Triple triple) override { return triple; }
    TwoItems swap(TwoItems items) override
    {
        std::swap(items[0], items[1]);
        return items;
    }
    ThreeTexts threeTexts(const ThreeTexts& texts) override { return texts; }
    NamedItems nameItems(NamedItems items) override { return items; }
    MaybeItems maybeItems(const MaybeItems& items) override { return items; }
    ItemOrText chooseItem(ItemOrText choice) override { return choice; }
    Box box(Box box) override { return box; }
    int32_t apply(std::vector<std::function<int32_t(int32_t)>> fns, int32_t arg) override
    {
        for (const auto& fn : fns) arg = fn ? fn(arg) : arg * 100;
        return arg;
    }
    int32_t refer(const std::function<int32_t(int32_t)>& fn, const std::shared_ptr<Item>& shared, const Item& lent,
                  std::unique_ptr<Item>& made) override
    {
        const int32_t sum = fn(shared->number() + lent.number());
        made = std::make_unique<LocalItem>(sum + 1);
        return sum;
    }
    void change(std::shared_ptr<Item>& item) override
    {
        item = item ? std::make_shared<LocalItem>(item->number() + 1) : nullptr;
    }

    //! Where the last text and bytes were seen.
    std::array<const char*, 3> m_views{};
};

class TypesTest : public mp::test::LoopsTest<messages::Types, LocalTypes>
{
};

TEST_F(TypesTest, Arrays)
{
    EXPECT_THAT(m_client->array({1, 2, 3}, {std::byte{4}, std::byte{5}}), ElementsAre(3, 5, 1));
}

TEST_F(TypesTest, Views)
{
    const std::string text("a\0b", 3);
    const std::array<std::byte, 2> bytes{std::byte{'c'}, std::byte{0}};
    const kj::byte more[]{'d', 'e'};
    EXPECT_EQ(m_client->view(text, bytes, more), std::string("a\0bc\0de", 7));
    EXPECT_EQ(m_client->view({}, {}, nullptr), "");
}

TEST_F(TypesTest, ViewsAreOfTheMessageItself)
{
    const std::string text(100, 't');
    const std::vector<std::byte> bytes(64);
    const std::vector<kj::byte> more(32);
    m_client->view(text, bytes, kj::arrayPtr(more.data(), more.size()));
    // One behind the other, as they were built; the text with its NUL, in whole words.
    EXPECT_EQ(m_local.m_views[1] - m_local.m_views[0], 104);
    EXPECT_EQ(m_local.m_views[2] - m_local.m_views[1], 64);
}

TEST_F(TypesTest, Variants)
{
    EXPECT_EQ(m_client->choose(Choice()), Choice());
    EXPECT_EQ(m_client->choose(0), Choice(0));
    EXPECT_EQ(m_client->choose(-5), Choice(-5));
    EXPECT_EQ(m_client->choose(std::string()), Choice(std::string()));
    EXPECT_EQ(m_client->choose(std::string("x")), Choice(std::string("x")));
    const Choice shared = m_client->choose(std::make_shared<const std::string>("y"));
    ASSERT_EQ(shared.index(), 3u);
    EXPECT_EQ(*std::get<3>(shared), "y");
    const Choice null = m_client->choose(std::shared_ptr<const std::string>());
    ASSERT_EQ(null.index(), 3u);
    EXPECT_EQ(std::get<3>(null), nullptr);
}

TEST_F(TypesTest, ListsOfOptionals)
{
    const std::vector<std::optional<std::string>> texts{"a", std::nullopt, "", "b"};
    EXPECT_EQ(m_client->optionals(texts), texts);
    EXPECT_TRUE(m_client->optionals({}).empty());
}

TEST_F(TypesTest, ListsOfObjects)
{
    auto items = m_client->makeItems(4);
    ASSERT_EQ(items.size(), 4u);
    EXPECT_EQ(items[0]->number(), 0);
    EXPECT_EQ(items[1]->number(), 1);
    EXPECT_EQ(items[2], nullptr);
    EXPECT_EQ(items[3]->number(), 3);
    EXPECT_EQ(m_client->sumItems({std::make_shared<LocalItem>(7), nullptr, std::make_shared<LocalItem>(8)}), 115);
}

TEST_F(TypesTest, ArraysOfObjectsAndOptionals)
{
    const TwoItems items = m_client->swap({std::make_unique<LocalItem>(6), nullptr});
    EXPECT_EQ(items[0], nullptr);
    ASSERT_NE(items[1], nullptr);
    EXPECT_EQ(items[1]->number(), 6);
    const ThreeTexts texts{"a", std::nullopt, ""};
    EXPECT_EQ(m_client->threeTexts(texts), texts);
}

TEST_F(TypesTest, ObjectsInMapsVariantsAndStructs)
{
    NamedItems named;
    named["one"] = std::make_unique<LocalItem>(1);
    named["none"] = nullptr;
    named = m_client->nameItems(std::move(named));
    ASSERT_EQ(named.size(), 2u);
    EXPECT_EQ(named["one"]->number(), 1);
    EXPECT_EQ(named["none"], nullptr);

    const ItemOrText item = m_client->chooseItem(std::make_unique<LocalItem>(2));
    EXPECT_EQ(std::get<0>(item)->number(), 2);
    EXPECT_EQ(std::get<1>(m_client->chooseItem("text")), "text");
    const ItemOrText null = m_client->chooseItem(std::unique_ptr<Item>());
    EXPECT_EQ(std::get<0>(null), nullptr);

    const Box box = m_client->box({"label", std::make_unique<LocalItem>(3)});
    EXPECT_EQ(box.label, "label");
    EXPECT_EQ(box.item->number(), 3);
    EXPECT_EQ(m_client->box({"", nullptr}).item, nullptr);
}

TEST_F(TypesTest, ListsOfOptionalObjectsAndOfFunctions)
{
    const auto item = std::make_shared<LocalItem>(4);
    const MaybeItems items = m_client->maybeItems({item, std::nullopt});
    ASSERT_EQ(items.size(), 2u);
    EXPECT_EQ((*items[0])->number(), 4);
    EXPECT_EQ(items[1], std::nullopt);
    EXPECT_EQ(m_client->apply({[](int32_t arg) { return arg + 1; }, nullptr, [](int32_t arg) { return arg + 2; }}, 1),
              202);
}

TEST_F(TypesTest, ReferencesToWhatHoldsObjects)
{
    const LocalItem lent(3);
    std::unique_ptr<Item> made;
    EXPECT_EQ(m_client->refer([](int32_t arg) { return arg * 10; }, std::make_shared<LocalItem>(4), lent, made), 70);
    ASSERT_TRUE(made);
    EXPECT_EQ(made->number(), 71);
    std::shared_ptr<Item> item = std::make_shared<LocalItem>(5);
    m_client->change(item);
    ASSERT_TRUE(item);
    EXPECT_EQ(item->number(), 6);
    item.reset();
    m_client->change(item);
    EXPECT_FALSE(item);
}

TEST_F(TypesTest, Tuples) { EXPECT_EQ(m_client->triple({1, "two", true}), Triple(1, "two", true)); }

} // namespace
} // namespace types
