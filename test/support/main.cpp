// The test program: every test must leave the process as it found it.
#include <gtest/gtest.h>

#include <support/process_state.h>
#include <support/spawn.h>

namespace {

class LeakListener : public testing::EmptyTestEventListener
{
    void OnTestStart(const testing::TestInfo&) override { m_before = mp::test::ProcessState::Now(); }

    void OnTestEnd(const testing::TestInfo& info) override
    {
        const auto after = m_before.NowSettled();
        if (after == m_before) return;
        ADD_FAILURE() << info.test_suite_name() << "." << info.name() << " left a trace\nbefore: " << m_before
                      << "\nafter:  " << after;
    }

    mp::test::ProcessState m_before;
};

//! What stays when a test has ended.
class SpawnServer : public testing::Environment
{
    void SetUp() override
    {
        if (mp::test::AllPrivate()) mp::test::StartSpawnServer();
    }
};

} // namespace

int main(int argc, char** argv)
{
    mp::test::Prepare();
    testing::InitGoogleTest(&argc, argv);
    testing::UnitTest::GetInstance()->listeners().Append(new LeakListener); // owned by the list
    testing::AddGlobalTestEnvironment(new SpawnServer); // owned by the list
    return RUN_ALL_TESTS();
}
