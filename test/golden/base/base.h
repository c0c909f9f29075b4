#ifndef GOLDEN_BASE_H
#define GOLDEN_BASE_H

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

} // namespace golden

#endif // GOLDEN_BASE_H
