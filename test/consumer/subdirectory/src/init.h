// The example of the library has a file of this name, too.
#ifndef PARENT_INIT_H
#define PARENT_INIT_H

#include "left/item.h"
#include "right/item.h"

#include <memory>

class Init
{
public:
    virtual ~Init() = default;
    virtual std::unique_ptr<left::Item> makeLeft() = 0;
    virtual std::unique_ptr<right::Item> makeRight() = 0;
};

#endif // PARENT_INIT_H
