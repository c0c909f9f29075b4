#ifndef GOLDEN_NAMES_H
#define GOLDEN_NAMES_H

#include <string>

struct GlobalNested
{
    std::string value_;
    int default_{0};
    int renamed{0};
};

class GlobalNames
{
public:
    virtual ~GlobalNames() = default;
    virtual int delete_(int class_, int plain) = 0;
    //! The client's method has the schema's name.
    virtual GlobalNested renamed(const GlobalNested& nested) { return nested; }
};

class GlobalInner
{
public:
    virtual ~GlobalInner() = default;
    virtual void inner() = 0;
};

#endif // GOLDEN_NAMES_H
