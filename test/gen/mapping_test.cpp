#include "loops.h"
#include "mapping.h"

#include <gmock/gmock.h>
#include <mapping.capnp.h>
#include <mapping.capnp.proxy.h>

// Generated code at work: what the fields of a method become in C++.

namespace mp {
namespace {

namespace messages = golden::mapping;
using testing::HasSubstr;

class LocalCallback : public golden::MappingCallback
{
public:
    explicit LocalCallback(std::promise<int32_t>& called) : m_called(called) {}
    int32_t call(int32_t arg) override
    {
        m_called.set_value(arg);
        return arg + 1;
    }

private:
    std::promise<int32_t>& m_called;
};

class LocalMapping : public golden::Mapping
{
public:
    ~LocalMapping() override
    {
        if (m_thread.joinable()) m_thread.join();
    }
    void giveThreads() override {}
    void takeThreads() override {}
    int32_t late(int32_t a, int32_t b) override
    {
        m_thread_id = std::this_thread::get_id();
        return a - b;
    }
    int32_t keywords(int32_t a, int32_t b, int32_t c, int32_t d, int32_t& e) override
    {
        e = d;
        return a + b + c;
    }
    int32_t named(int32_t a, std::string& reason) override
    {
        reason = "because";
        return a;
    }
    int32_t throwing(int32_t kind) override
    {
        if (kind == 1) throw std::runtime_error("any");
        if (kind == 2) throw golden::Odd("odd");
        return kind;
    }
    int32_t catching(int32_t kind) override { return throwing(kind); }
    int32_t point(int32_t x, int32_t y, int32_t third) override { return 100 * x + 10 * y + third; }
    int32_t settings() override { return golden::g_level; }
    void optionalOut(std::optional<int32_t> in, std::optional<int32_t>& out) override { out = in; }
    void optionalInOut(std::optional<int32_t>& value) override
    {
        if (value) {
            value.reset();
        } else {
            value = 5;
        }
    }
    std::optional<std::string> optionalText(const std::optional<std::string>& text) override { return text; }
    int32_t wantIn(const int32_t* value) override { return value != nullptr ? *value : -1; }
    int32_t wantInOut(int32_t* value) override { return value != nullptr ? (*value)++ : -1; }
    bool wantOptional(std::optional<int32_t>* value) override
    {
        if (value != nullptr) *value = 3;
        return value != nullptr;
    }
    void unasked(int32_t* value) override { *value = 9; }
    golden::Options options(const golden::Options& options) override { return options; }
    std::unique_ptr<golden::Moved> onlyMoved(golden::Moved number, std::unique_ptr<golden::Moved>& moved) override
    {
        moved = std::make_unique<golden::Moved>(number.number() + 1);
        return std::make_unique<golden::Moved>(number.number() + 2);
    }
    void later(std::unique_ptr<golden::MappingCallback> callback) override
    {
        m_thread = std::thread([this, callback = std::move(callback)]() mutable {
            m_called_back = callback->call(41);
            callback.reset();
        });
    }

    std::thread::id m_thread_id;
    std::atomic<int32_t> m_called_back{0};
    std::thread m_thread;
};

class MappingTest : public test::LoopsTest<messages::Mapping, LocalMapping>
{
};

TEST_F(MappingTest, ExchangesThreadsInEitherDirectionAlone)
{
    // There is no construct, so nothing has been exchanged. On a thread of its own, which keeps the failed one.
    std::thread([&] {
        EXPECT_THAT(failure([&] { m_client->late(1, 2); }), HasSubstr("Called null capability"));
    }).join();
    m_client->takeThreads();
    EXPECT_EQ(m_client->late(3, 2), 1);
    EXPECT_NE(m_local.m_thread_id, m_server_thread.get_id());

    // A thread of the server's own needs the client's threads to call it.
    m_client->giveThreads();
    std::promise<int32_t> called;
    m_client->later(std::make_unique<LocalCallback>(called));
    EXPECT_EQ(called.get_future().get(), 41);
    m_local.m_thread.join();
    EXPECT_EQ(m_local.m_called_back, 42);
}

TEST_F(MappingTest, TakesAContextThatIsNotTheFirstParameter)
{
    m_client->takeThreads();
    EXPECT_EQ(m_client->late(9, 2), 7);
    EXPECT_NE(m_local.m_thread_id, m_server_thread.get_id());
}

TEST_F(MappingTest, NamesParametersWithKeywords)
{
    int32_t e = 0;
    EXPECT_EQ(m_client->keywords(1, 2, 4, 8, e), 7);
    EXPECT_EQ(e, 8);
}

TEST_F(MappingTest, TakesResultsThatAreAStructOfTheSchema)
{
    std::string reason;
    EXPECT_EQ(m_client->named(3, reason), 3);
    EXPECT_EQ(reason, "because");
}

TEST_F(MappingTest, TriesTheExceptionDeclaredLastFirst)
{
    EXPECT_EQ(m_client->throwing(0), 0);
    EXPECT_THROW(m_client->throwing(2), golden::Odd);
    EXPECT_EQ(failure([&] { m_client->throwing(2); }), "odd");
    EXPECT_THROW(m_client->throwing(1), std::runtime_error);

    EXPECT_EQ(m_client->catching(0), 0);
    EXPECT_THROW(m_client->catching(2), std::runtime_error);
    EXPECT_EQ(failure([&] { m_client->catching(2); }), "odd");
}

TEST_F(MappingTest, PassesAStructThatStandsForSeveralParameters)
{
    m_client->takeThreads();
    EXPECT_EQ(m_client->point(1, 2, 3), 123);
}

TEST_F(MappingTest, PassesAStructThatStandsForNoParameter)
{
    m_client->takeThreads();
    EXPECT_EQ(m_client->settings(), 7);
}

TEST_F(MappingTest, PassesOptionalsInAndOut)
{
    std::optional<int32_t> out = 1;
    m_client->optionalOut(4, out);
    EXPECT_EQ(out, 4);
    m_client->optionalOut(std::nullopt, out);
    EXPECT_EQ(out, std::nullopt);

    std::optional<int32_t> value;
    m_client->optionalInOut(value);
    EXPECT_EQ(value, 5);
    m_client->optionalInOut(value);
    EXPECT_EQ(value, std::nullopt);

    EXPECT_EQ(m_client->optionalText("a"), "a");
    EXPECT_EQ(m_client->optionalText(""), "");
    EXPECT_EQ(m_client->optionalText(std::nullopt), std::nullopt);
}

TEST_F(MappingTest, PassesPointersThatAreWanted)
{
    int32_t number = 6;
    EXPECT_EQ(m_client->wantIn(&number), 6);
    EXPECT_EQ(m_client->wantIn(nullptr), -1);
    EXPECT_EQ(m_client->wantInOut(&number), 6);
    EXPECT_EQ(number, 7);
    EXPECT_EQ(m_client->wantInOut(nullptr), -1);
    std::optional<int32_t> optional;
    EXPECT_TRUE(m_client->wantOptional(&optional));
    EXPECT_EQ(optional, 3);
    EXPECT_FALSE(m_client->wantOptional(nullptr));
}

TEST_F(MappingTest, GivesTheServerAPointerThatNobodyIsAskedFor)
{
    int32_t number = 0;
    m_client->unasked(&number);
    EXPECT_EQ(number, 9);
    m_client->unasked(nullptr);
}

TEST_F(MappingTest, TakesMembersCalledWantForWhatTheyAre)
{
    const golden::Options options = m_client->options({1, true, 3});
    EXPECT_EQ(options.hash, 1);
    EXPECT_TRUE(options.wantHash);
    EXPECT_EQ(options.number, 3);
}

TEST_F(MappingTest, PassesValuesThatCanOnlyBeMoved)
{
    std::unique_ptr<golden::Moved> moved;
    const std::unique_ptr<golden::Moved> result = m_client->onlyMoved(golden::Moved(1), moved);
    EXPECT_EQ(moved->number(), 2);
    EXPECT_EQ(result->number(), 3);
}

} // namespace
} // namespace mp
