#include <gen/loops.h>
#include <types/presence.capnp.h>
#include <types/presence.capnp.proxy.h>

// Values whose fields have companions, through a client and a server.

namespace types {
namespace {

class LocalItem : public PresentItem
{
public:
    int32_t number() override { return 4; }
};

class LocalPresence : public Presence
{
public:
    int32_t throwCode(int32_t code) override
    {
        if (code >= 0) throw static_cast<Code>(code);
        return code;
    }
    int32_t throwText(const std::string& text) override { throw std::logic_error(text); }
    std::shared_ptr<int32_t> passShared(std::shared_ptr<int32_t> number) override { return number; }
    std::shared_ptr<const std::string> passConst(const std::shared_ptr<const std::string>& text) override
    {
        return text;
    }
    void change(std::shared_ptr<std::string>& text) override
    {
        if (text && *text == "drop") {
            text.reset();
        } else if (text) {
            *text += "!";
        } else {
            text = std::make_shared<std::string>("new");
        }
    }
    std::shared_ptr<PresentItem> share(std::shared_ptr<PresentItem> item) override { return item; }
    std::unique_ptr<PresentItem> give(std::unique_ptr<PresentItem> item) override { return item; }
    int32_t call(std::function<int32_t()> fn) override { return fn ? fn() : -1; }
    PresentNote passNote(const PresentNote& note) override { return note; }
};

class PresenceTest : public mp::test::LoopsTest<presence::Presence, LocalPresence>
{
protected:
    //! The code that the method throws.
    Code thrown(int32_t code)
    {
        try {
            m_client->throwCode(code);
        } catch (Code thrown) {
            return thrown;
        }
        ADD_FAILURE() << "not thrown";
        return {};
    }
};

TEST_F(PresenceTest, OfExceptions)
{
    EXPECT_EQ(thrown(0), Code::None);
    EXPECT_EQ(thrown(1), Code::Some);
    EXPECT_EQ(m_client->throwCode(-1), -1);
    EXPECT_EQ(failure([&] { m_client->throwText("broken"); }), "broken");
    EXPECT_THROW(m_client->throwText(""), std::runtime_error);
}

TEST_F(PresenceTest, OfSharedValues)
{
    for (const int32_t number : {0, 5}) {
        const std::shared_ptr<int32_t> passed = m_client->passShared(std::make_shared<int32_t>(number));
        ASSERT_NE(passed, nullptr);
        EXPECT_EQ(*passed, number);
    }
    EXPECT_EQ(m_client->passShared(nullptr), nullptr);
    for (const char* const text : {"", "text"}) {
        const std::shared_ptr<const std::string> passed =
            m_client->passConst(std::make_shared<const std::string>(text));
        ASSERT_NE(passed, nullptr);
        EXPECT_EQ(*passed, text);
    }
    EXPECT_EQ(m_client->passConst(nullptr), nullptr);
}

TEST_F(PresenceTest, OfSharedValuesThatChange)
{
    auto text = std::make_shared<std::string>("x");
    m_client->change(text);
    ASSERT_NE(text, nullptr);
    EXPECT_EQ(*text, "x!");
    *text = "drop";
    m_client->change(text);
    EXPECT_EQ(text, nullptr);
    m_client->change(text);
    ASSERT_NE(text, nullptr);
    EXPECT_EQ(*text, "new");
}

TEST_F(PresenceTest, OfObjects)
{
    const std::shared_ptr<PresentItem> shared = m_client->share(std::make_shared<LocalItem>());
    ASSERT_NE(shared, nullptr);
    EXPECT_EQ(shared->number(), 4);
    EXPECT_EQ(m_client->share(nullptr), nullptr);
    const std::unique_ptr<PresentItem> given = m_client->give(std::make_unique<LocalItem>());
    ASSERT_NE(given, nullptr);
    EXPECT_EQ(given->number(), 4);
    EXPECT_EQ(m_client->give(nullptr), nullptr);
}

TEST_F(PresenceTest, OfFunctions)
{
    EXPECT_EQ(m_client->call([] { return 7; }), 7);
    EXPECT_EQ(m_client->call(nullptr), -1);
}

TEST_F(PresenceTest, OfMessages) { EXPECT_EQ(m_client->passNote({"note"}).text, "note"); }

} // namespace
} // namespace types
