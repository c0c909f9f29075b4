#include <gen/loops.h>
#include <types/presence.capnp.h>
#include <types/presence.capnp.proxy.h>

// Values whose fields have companions, through a client and a server.

namespace types {
namespace {

class LocalPresence : public Presence
{
public:
    int32_t throwCode(int32_t code) override
    {
        if (code >= 0) throw static_cast<Code>(code);
        return code;
    }
    int32_t throwText(const std::string& text) override { throw std::logic_error(text); }
};

class PresenceTest : public mp::test::LoopsTest<messages::Presence, LocalPresence>
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

} // namespace
} // namespace types
