// A place in a method at which the test holds the calling thread up.
#ifndef MP_TEST_RPC_SUPPORT_GATE_H
#define MP_TEST_RPC_SUPPORT_GATE_H

#include <gtest/gtest.h>
#include <rpc/support/signal.h>

#include <atomic>

namespace mp::test {

//! Shut until it is opened, once and for all.
class Gate
{
public:
    //! @param threads  how many have to come for it to be reached
    explicit Gate(int threads = 1) : m_missing(threads) {}

    //! Wait until it is open.
    void pass()
    {
        if (--m_missing == 0) m_reached.set();
        EXPECT_TRUE(m_open.wait());
    }
    bool isReached() const { return m_reached.isSet(); }
    //! @return false when the deadline has passed
    [[nodiscard]] bool waitReached() const { return m_reached.wait(); }
    void open() { m_open.set(); }

private:
    std::atomic<int> m_missing;
    Signal m_reached;
    Signal m_open;
};

} // namespace mp::test

#endif // MP_TEST_RPC_SUPPORT_GATE_H
