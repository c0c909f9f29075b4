#include <gen/loops.h>
#include <types/convert.capnp.h>
#include <types/convert.capnp.proxy.h>
#include <types/order_test.h>

// Hooks are found wherever they stand among the library's headers.

namespace types {
namespace {

class OrderTest : public mp::test::LoopsTest<messages::Nothing, Nothing>
{
protected:
    std::string check(std::string (*fn)(mp::InvokeContext&))
    {
        std::string wrong;
        m_client->m_context.loop->sync([&] {
            mp::InvokeContext context{*m_client->m_context.connection};
            wrong = fn(context);
        });
        return wrong;
    }
};

TEST_F(OrderTest, HooksBeforeTheLibrary) { EXPECT_EQ(check(hooks_first::Check), ""); }
TEST_F(OrderTest, HooksAmongTheLibrary) { EXPECT_EQ(check(hooks_between::Check), ""); }
TEST_F(OrderTest, HooksAfterTheLibrary) { EXPECT_EQ(check(hooks_last::Check), ""); }

} // namespace
} // namespace types
