// Calls by Cap'n Proto's own means, over a connection of ours.
#ifndef MP_TEST_RPC_SUPPORT_RAW_CALL_H
#define MP_TEST_RPC_SUPPORT_RAW_CALL_H

#include <gtest/gtest.h>
#include <mp/event-loop.h>
#include <rpc/support/signal.h>

namespace mp::test {

//! The end of a promise: "done", or the type and the description of its failure.
class RawResult
{
public:
    //! make, called on the loop, returns the promise.
    template <typename Make>
    RawResult(EventLoop& loop, Make&& make)
    {
        loop.sync([&] {
            loop.m_task_set->add(make().then([this](auto&&...) { end("done"); },
                                             [this](kj::Exception&& e) {
                                                 end(std::string(kj::str(e.getType()).cStr()) + ": " +
                                                     e.getDescription().cStr());
                                             }));
        });
    }
    //! Wait for it.
    std::string text()
    {
        EXPECT_TRUE(m_ended.wait());
        return m_text;
    }
    bool ended() const { return m_ended.isSet(); }

private:
    void end(std::string text)
    {
        m_text = std::move(text);
        m_ended.set();
    }
    std::string m_text;
    Signal m_ended;
};

} // namespace mp::test

#endif // MP_TEST_RPC_SUPPORT_RAW_CALL_H
