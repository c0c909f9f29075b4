#ifndef MP_TEST_TYPES_TYPES_H
#define MP_TEST_TYPES_TYPES_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <kj/array.h>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>
#include <vector>

namespace types {

using Choice = std::variant<std::monostate, int32_t, std::string, std::shared_ptr<const std::string>>;
using Triple = std::tuple<int32_t, std::string, bool>;

class Item
{
public:
    virtual ~Item() = default;
    virtual int32_t number() const = 0;
};

using TwoItems = std::array<std::unique_ptr<Item>, 2>;
using ThreeTexts = std::array<std::optional<std::string>, 3>;

using NamedItems = std::map<std::string, std::unique_ptr<Item>>;
using MaybeItems = std::vector<std::optional<std::shared_ptr<Item>>>;
using ItemOrText = std::variant<std::unique_ptr<Item>, std::string>;

struct Box
{
    std::string label;
    std::unique_ptr<Item> item;
};

class Types
{
public:
    virtual ~Types() = default;
    virtual std::array<int32_t, 3> array(const std::array<int32_t, 3>& numbers, std::array<std::byte, 2> bytes) = 0;
    virtual std::string view(std::string_view text, std::span<const std::byte> bytes,
                             kj::ArrayPtr<const kj::byte> more) = 0;
    virtual Choice choose(const Choice& choice) = 0;
    virtual std::vector<std::optional<std::string>> optionals(std::vector<std::optional<std::string>> texts) = 0;
    virtual std::vector<std::unique_ptr<Item>> makeItems(int32_t count) = 0;
    virtual int32_t sumItems(std::vector<std::shared_ptr<Item>> items) = 0;
    virtual Triple triple(Triple triple) = 0;
    virtual TwoItems swap(TwoItems items) = 0;
    virtual ThreeTexts threeTexts(const ThreeTexts& texts) = 0;
    virtual NamedItems nameItems(NamedItems items) = 0;
    virtual MaybeItems maybeItems(const MaybeItems& items) = 0;
    virtual ItemOrText chooseItem(ItemOrText choice) = 0;
    virtual Box box(Box box) = 0;
    virtual int32_t apply(std::vector<std::function<int32_t(int32_t)>> fns, int32_t arg) = 0;
    virtual int32_t refer(const std::function<int32_t(int32_t)>& fn, const std::shared_ptr<Item>& shared,
                          const Item& lent, std::unique_ptr<Item>& made) = 0;
    virtual void change(std::shared_ptr<Item>& item) = 0;
};

} // namespace types

#endif // MP_TEST_TYPES_TYPES_H
