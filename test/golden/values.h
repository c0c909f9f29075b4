#ifndef GOLDEN_VALUES_H
#define GOLDEN_VALUES_H

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_set>
#include <utility>
#include <vector>

namespace golden {

enum class Color : uint8_t { Red = 1, Blue = 2 };

struct Empty
{
};

struct Array
{
    unsigned char bytes[4]{};
};

//! Converted by hooks, though it is wrapped too.
struct Custom
{
    std::string text;
    int32_t number{0};
};

//! Converted by functions from and to whole messages.
struct Message
{
    std::string trace;
};
struct Mutable
{
    std::string trace;
};

//! Neither default constructible nor assignable.
class Fixed
{
public:
    explicit Fixed(int32_t number) : m_number(number) {}
    Fixed(Fixed&&) = default;
    Fixed& operator=(Fixed&&) = delete;
    int32_t number() const { return m_number; }

private:
    const int32_t m_number;
};

using Bytes = std::vector<char>;
using SharedBytes = std::shared_ptr<const Bytes>;

class Values
{
public:
    virtual ~Values() = default;
    virtual Color passEnum(Color color) = 0;
    virtual std::vector<unsigned char> passData(const std::vector<unsigned char>& data) = 0;
    virtual std::string passBytes(const std::string& data) = 0;
    virtual Array passArray(const Array& array) = 0;
    virtual std::set<std::string> passSet(const std::set<std::string>& set) = 0;
    virtual std::unordered_set<int32_t> passHashed(std::unordered_set<int32_t> set) = 0;
    virtual std::map<std::string, std::string> passMap(std::map<std::string, std::string> map) = 0;
    virtual std::pair<int32_t, std::string> passPair(std::pair<int32_t, std::string> pair) = 0;
    virtual std::tuple<int32_t, std::string> passTuple(const std::tuple<int32_t, std::string>& tuple) = 0;
    virtual std::chrono::milliseconds passTime(std::chrono::milliseconds time) = 0;
    virtual std::shared_ptr<const std::string> passShared(std::shared_ptr<const std::string> text) = 0;
    virtual std::vector<SharedBytes> passList(std::vector<SharedBytes> list) = 0;
    virtual std::optional<std::string> passOptional(std::optional<std::string> text) = 0;
    virtual Empty passEmpty(Empty empty) = 0;
    virtual Custom passCustom(Custom custom) = 0;
    virtual Message passMessage(Message message) = 0;
    virtual void passMutable(Mutable& value) = 0;
    virtual int16_t passSmall(int16_t number) = 0;
    virtual Fixed passFixed(Fixed fixed) = 0;
    virtual std::vector<std::vector<int32_t>> passNested(std::vector<std::vector<int32_t>> lists) = 0;
};

} // namespace golden

#endif // GOLDEN_VALUES_H
