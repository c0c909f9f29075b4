#ifndef LEFT_ITEM_H
#define LEFT_ITEM_H

#include <string>

namespace left {

class Item
{
public:
    virtual ~Item() = default;
    virtual std::string name() = 0;
};

} // namespace left

#endif // LEFT_ITEM_H
