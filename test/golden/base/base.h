#ifndef GOLDEN_BASE_H
#define GOLDEN_BASE_H

#include <memory>

namespace golden {

class Base
{
public:
    virtual ~Base() = default;
    virtual int baseCall(int arg) = 0;
};

class Other
{
public:
    virtual ~Other() = default;
    virtual int otherCall(int arg) = 0;
};

class Derived : public Base, public Other
{
public:
    virtual int derivedCall(int arg) = 0;
};

class Left : public virtual Base
{
public:
    virtual int leftCall(int arg) = 0;
};

class Right : public virtual Base
{
public:
    virtual int rightCall(int arg) = 0;
};

class Bottom : public Left, public Right
{
public:
    virtual int bottomCall(int arg) = 0;
    virtual std::unique_ptr<Derived> makeDerived() = 0;
};

} // namespace golden

#endif // GOLDEN_BASE_H
