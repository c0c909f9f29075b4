#ifndef MP_TEST_TYPES_PRESENCE_H
#define MP_TEST_TYPES_PRESENCE_H

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace types {

enum class Code : int32_t { None, Some };

class PresentItem
{
public:
    virtual ~PresentItem() = default;
    virtual int32_t number() = 0;
};

//! Built and read by functions for whole messages.
struct PresentNote
{
    std::string text;
};

class Presence
{
public:
    virtual ~Presence() = default;
    virtual int32_t throwCode(int32_t code) = 0;
    virtual int32_t throwText(const std::string& text) = 0;
    virtual std::shared_ptr<int32_t> passShared(std::shared_ptr<int32_t> number) = 0;
    virtual std::shared_ptr<const std::string> passConst(const std::shared_ptr<const std::string>& text) = 0;
    virtual void change(std::shared_ptr<std::string>& text) = 0;
    virtual std::shared_ptr<PresentItem> share(std::shared_ptr<PresentItem> item) = 0;
    virtual std::unique_ptr<PresentItem> give(std::unique_ptr<PresentItem> item) = 0;
    virtual int32_t call(std::function<int32_t()> fn) = 0;
    virtual PresentNote passNote(const PresentNote& note) = 0;
};

} // namespace types

#endif // MP_TEST_TYPES_PRESENCE_H
