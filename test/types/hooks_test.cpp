#include <gen/loops.h>
#include <gmock/gmock.h>
#include <types/hooks.capnp.h>
#include <types/hooks.capnp.proxy-types.h>
#include <types/hooks.capnp.proxy.h>

// The hooks of an application at work in calls.

namespace app {
namespace {

using testing::ElementsAre;

class LocalNode : public Node
{
public:
    explicit LocalNode(std::string name) : m_name(std::move(name)) {}
    std::string name() override { return m_name; }

private:
    const std::string m_name;
};

class LocalHooks : public Hooks
{
public:
    std::vector<std::shared_ptr<const Id>> passIds(std::vector<std::shared_ptr<const Id>> ids) override { return ids; }
    Place passPlace(const Place& place) override { return place; }
    Level passLevel(Level level) override { return level; }
    Blob passBlob(const Blob& blob) override { return blob; }
    Ring passRing(const Ring& ring) override { return ring; }
    Table passTable(Table table) override { return table; }
    Settings passSettings(const Settings& settings) override { return settings; }
    std::optional<Id> passHidden(const Id& id) override { return id; }
    bool findBlock(const FoundBlock& block) override
    {
        if (block.hash != nullptr) *block.hash = "0123";
        return block.hash != nullptr;
    }
    std::string readNote(const Note& note) override { return note.text; }
    void writeNote(Note& note) override { note.text += "written"; }
    int32_t check(int32_t code) override
    {
        if (code < 0) throw Refusal("negative");
        return code;
    }
    int32_t start(Scheduler& scheduler, int32_t delay) override { return scheduler.delays += delay; }
    std::string command(const Command& command, Timer* timer) override { return command.name + " " + timer->name(); }
    std::string main(int argc, const char* const* argv) override
    {
        std::string all;
        for (int i = 0; i < argc; ++i) all += argv[i];
        return argv[argc] == nullptr ? all : "no end";
    }
    std::string selfMade(std::string) override { return "never called"; }
    std::unique_ptr<Node> makeNode(std::shared_ptr<Node> node) override
    {
        return node ? std::make_unique<LocalNode>("[" + node->name() + "]") : nullptr;
    }
    int32_t exchange() override { return g_extra; }
};

class HooksTest : public mp::test::LoopsTest<messages::Hooks, LocalHooks>
{
};

TEST_F(HooksTest, ConvertAFamilyOfTypes)
{
    const auto ids = m_client->passIds({std::make_shared<const Id>("a"), nullptr, std::make_shared<const Id>()});
    ASSERT_EQ(ids.size(), 3u);
    ASSERT_NE(ids[0], nullptr);
    EXPECT_EQ(*ids[0], Id("a"));
    // The presence hook takes empty elements for absent ones.
    EXPECT_EQ(ids[1], nullptr);
    EXPECT_EQ(ids[2], nullptr);
}

TEST_F(HooksTest, TellWhetherValuesAreBuiltAndFieldsAreThere)
{
    EXPECT_EQ(m_client->passHidden(Id("a")), Id("a"));
    EXPECT_EQ(m_client->passHidden(Id()), std::nullopt);
}

TEST_F(HooksTest, AreFoundInTheNamespaceOfTheirTypes) { EXPECT_EQ(m_client->passPlace({"home"}).name, "at at home"); }

TEST_F(HooksTest, ConvertToPrimitives)
{
    EXPECT_EQ(m_client->passLevel(Level::Low), Level::Low);
    EXPECT_EQ(m_client->passLevel(Level::High), Level::High);
}

TEST_F(HooksTest, ReadFromData) { EXPECT_EQ(m_client->passBlob({"x"}).bytes, "x read read"); }

TEST_F(HooksTest, ConvertContainers)
{
    EXPECT_THAT(m_client->passRing({{7, 8}}).numbers, ElementsAre(3, 2, 7, 8));
    EXPECT_THAT(m_client->passTable({{"a", "b"}}).rows, ElementsAre("a", "b"));
}

TEST_F(HooksTest, LeaveMostOfAStructToTheLibrary)
{
    const Settings settings = m_client->passSettings({"n", 5, "s"});
    EXPECT_EQ(settings.name, "n");
    EXPECT_EQ(settings.limit, 5);
    EXPECT_EQ(settings.secret, "s!!");
}

TEST_F(HooksTest, PassMessagesInAndOut)
{
    std::string hash;
    EXPECT_TRUE(m_client->findBlock({.hash = &hash}));
    EXPECT_EQ(hash, "0123");
    EXPECT_FALSE(m_client->findBlock({}));
    EXPECT_EQ(m_client->readNote({"text"}), "passed text");
    Note note;
    m_client->writeNote(note);
    EXPECT_EQ(note.text, "written, and passed");
}

TEST_F(HooksTest, ThrowDeclaredExceptions)
{
    EXPECT_EQ(m_client->check(5), 5);
    try {
        m_client->check(-1);
        FAIL() << "not thrown";
    } catch (const Refusal& refusal) {
        EXPECT_EQ(refusal.reason(), "thrown: negative");
    }
}

TEST_F(HooksTest, PassParametersOfTheServerOnly)
{
    Scheduler unused;
    EXPECT_EQ(m_client->start(unused, 5), 5);
    EXPECT_EQ(m_client->start(unused, 6), 11);
    EXPECT_EQ(unused.delays, 0);
}

TEST_F(HooksTest, PassParametersByReferenceAndByPointer)
{
    Timer timer("clock");
    EXPECT_EQ(m_client->command({"stop"}, &timer), "stop clock");
}

TEST_F(HooksTest, PassSeveralParametersInOneFieldAndNoneInAnother)
{
    mp::CurrentThread().thread_name = "12345";
    const char* const argv[] = {"a", "", "c"};
    EXPECT_EQ(m_client->main(3, argv), "ac");
    Scheduler unused;
    EXPECT_EQ(m_client->start(unused, 0), 5);
}

TEST_F(HooksTest, ExchangeAFieldThatStandsForNoParameter)
{
    g_extra = 5;
    // Built, read by the server, built again, read by the client.
    EXPECT_EQ(m_client->exchange(), 6);
    EXPECT_EQ(g_extra, 7);
}

struct SettingsField
{
    static auto get(const messages::Hooks::PassSettingsParams::Reader& params) { return params.getSettings(); }
    static bool has(const messages::Hooks::PassSettingsParams::Reader& params) { return params.hasSettings(); }
};

TEST_F(HooksTest, LeaveAValueAsItIsWhereAMessageIsUnset)
{
    m_client->m_context.loop->sync([&] {
        mp::InvokeContext context{*m_client->m_context.connection};
        auto request = m_client->m_client.passSettingsRequest();
        const messages::Hooks::PassSettingsParams::Reader reader = request.asReader();
        using Field = mp::Accessor<SettingsField, mp::FIELD_IN | mp::FIELD_BOXED>;
        Settings settings{"old", 1, ""};
        mp::ReadField(mp::TypeList<const Settings&>(), context, mp::Make<mp::StructField, Field>(reader),
                      mp::ReadDestUpdate(settings));
        EXPECT_EQ(settings.name, "old");
        request.initSettings();
        mp::ReadField(mp::TypeList<const Settings&>(), context, mp::Make<mp::StructField, Field>(reader),
                      mp::ReadDestUpdate(settings));
        EXPECT_EQ(settings.name, "");
    });
}

TEST_F(HooksTest, ReplaceTheMethodOfTheServer) { EXPECT_EQ(m_client->selfMade("x"), "self-made"); }

TEST_F(HooksTest, ChangeTheSignatureOfTheClient)
{
    EXPECT_EQ(m_client->otherSignature(std::string("ab")), 'a' + 2);
    EXPECT_EQ(m_client->m_calls, 0);
}

TEST_F(HooksTest, MakeClientsAndServersOfObjects)
{
    const auto node = m_client->makeNode(std::make_shared<LocalNode>("node"));
    EXPECT_EQ(node->name(), "client of server of [client of server of node]");
    // By both sides, and once more for nothing.
    EXPECT_EQ(g_asked, 2);
    EXPECT_EQ(m_client->makeNode(nullptr), nullptr);
    EXPECT_EQ(g_asked, 4);
}

} // namespace
} // namespace app
