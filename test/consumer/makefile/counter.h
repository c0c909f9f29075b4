#ifndef COUNTER_H
#define COUNTER_H

#include <cstdint>
#include <functional>

class Counter
{
public:
    virtual ~Counter() = default;
    //! @return the sum so far
    virtual int64_t add(int n) = 0;
    //! Call fn with all numbers so far, until it returns false.
    virtual void each(std::function<bool(int)> fn) = 0;
};

#endif // COUNTER_H
