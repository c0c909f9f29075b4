#ifndef RIGHT_ITEM_H
#define RIGHT_ITEM_H

#include <string>

namespace right {

class Item
{
public:
    virtual ~Item() = default;
    virtual std::string name(bool plural) = 0;
};

} // namespace right

#endif // RIGHT_ITEM_H
