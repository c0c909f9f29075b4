#ifndef MP_TEST_TYPES_CONVERT_H
#define MP_TEST_TYPES_CONVERT_H

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace types {

class Nothing
{
public:
    virtual ~Nothing() = default;
};

enum class Color : uint8_t { Red, Blue };

struct Point
{
    int32_t x{0};
    std::string label;
    std::optional<double> weight;
    std::vector<std::string> tags;
    Color from{Color::Red};
};

struct Empty
{
};

struct Tree
{
    std::string name;
    std::vector<Tree> children;
};

//! Neither default constructible nor assignable, and only movable.
class Fixed
{
public:
    explicit Fixed(int32_t number) : m_number(number) {}
    Fixed(Fixed&&) = default;
    Fixed& operator=(Fixed&&) = delete;
    int32_t number() const { return m_number; }
    bool operator<(const Fixed& other) const { return m_number < other.m_number; }

private:
    const int32_t m_number;
};

//! Its ProxyType is written by hand.
struct Noted
{
    int32_t number{0};
    std::string text;
};

//! Its builder tells how the value arrives.
struct Tracked
{
    std::string arrived;
};

} // namespace types

#endif // MP_TEST_TYPES_CONVERT_H
