#ifndef MP_TEST_TYPES_PRESENCE_H
#define MP_TEST_TYPES_PRESENCE_H

#include <cstdint>
#include <string>

namespace types {

enum class Code : int32_t { None, Some };

class Presence
{
public:
    virtual ~Presence() = default;
    virtual int32_t throwCode(int32_t code) = 0;
    virtual int32_t throwText(const std::string& text) = 0;
};

} // namespace types

#endif // MP_TEST_TYPES_PRESENCE_H
