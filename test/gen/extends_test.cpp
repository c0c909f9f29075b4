#include "base/base.h"
#include "loops.h"

#include <extends.capnp.h>
#include <extends.capnp.proxy.h>
#include <gmock/gmock.h>
#include <mp/proxy-types.h>

// Generated code at work: interfaces that extend others.

namespace mp {
namespace {

namespace derived = golden::derived;

class LocalDerived : public golden::Derived
{
public:
    explicit LocalDerived(std::promise<void>& destroyed) : m_destroyed(destroyed) {}
    ~LocalDerived() override { m_destroyed.set_value(); }
    int baseCall(int arg) override { return arg + 10; }
    int otherCall(int arg) override { return arg + 20; }
    int derivedCall(int arg) override { return arg + 30; }

private:
    std::promise<void>& m_destroyed;
};

class LocalBottom : public golden::Bottom
{
public:
    int baseCall(int arg) override { return arg + 1; }
    int leftCall(int arg) override { return arg + 2; }
    int rightCall(int arg) override { return arg + 3; }
    int bottomCall(int arg) override { return arg + 4; }
    std::unique_ptr<golden::Derived> makeDerived() override { return std::make_unique<LocalDerived>(m_destroyed); }

    std::promise<void> m_destroyed;
};

class ExtendsTest : public test::LoopsTest<derived::Bottom, LocalBottom>
{
};

TEST_F(ExtendsTest, CallsMethodsOfSuperclassesReachedOnTwoWays)
{
    golden::Bottom& bottom = *m_client;
    EXPECT_EQ(bottom.baseCall(0), 1);
    EXPECT_EQ(bottom.leftCall(0), 2);
    EXPECT_EQ(bottom.rightCall(0), 3);
    EXPECT_EQ(bottom.bottomCall(0), 4);
}

TEST_F(ExtendsTest, CallsAndDestroysThroughSuperclassesThatBothHaveADestroy)
{
    std::unique_ptr<golden::Derived> object = m_client->makeDerived();
    EXPECT_EQ(static_cast<golden::Base&>(*object).baseCall(0), 10);
    EXPECT_EQ(static_cast<golden::Other&>(*object).otherCall(0), 20);
    EXPECT_EQ(object->derivedCall(0), 30);
    object.reset();
    // Its destructor has waited for the remote one.
    EXPECT_EQ(m_local.m_destroyed.get_future().wait_for(std::chrono::seconds(0)), std::future_status::ready);
}

TEST_F(ExtendsTest, FindsTheClientBehindAClassWithVirtualBases)
{
    golden::Bottom& bottom = *m_client;
    EXPECT_EQ(&ProxyTypeRegister::types().at(typeid(golden::Bottom))(&bottom), &m_client->m_context);
}

} // namespace
} // namespace mp
