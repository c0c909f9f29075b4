#ifndef MP_TEST_TYPES_INPUT_H
#define MP_TEST_TYPES_INPUT_H

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace types {

enum class Shade : uint8_t { Light = 1, Dark = 2 };

struct Spot
{
    int16_t x{0};
    std::string label;
};

struct Nest
{
    std::shared_ptr<Nest> inner;
};

class Thing
{
public:
    virtual ~Thing() = default;
    virtual std::string name() = 0;
};

class Input
{
public:
    virtual ~Input() = default;
    virtual int16_t small(int16_t number) = 0;
    virtual uint32_t fixed(const std::array<char, 4>& bytes) = 0;
    virtual int32_t shade(Shade shade) = 0;
    virtual std::string text(const std::string& text) = 0;
    virtual std::vector<int32_t> numbers(const std::vector<int32_t>& numbers) = 0;
    virtual std::vector<Spot> spots(const std::vector<Spot>& spots) = 0;
    virtual Spot spot(const Spot& spot) = 0;
    virtual uint64_t size(const std::vector<char>& bytes) = 0;
    virtual std::vector<char> make(uint64_t size) = 0;
    virtual int32_t depth(const Nest& nest) = 0;
    virtual Nest nest(int32_t depth) = 0;
    virtual std::string own(std::unique_ptr<Thing> thing) = 0;
    virtual std::string share(std::shared_ptr<Thing> thing) = 0;
    virtual std::string lend(Thing& thing) = 0;
    virtual std::string all(std::vector<std::unique_ptr<Thing>> things) = 0;
};

} // namespace types

#endif // MP_TEST_TYPES_INPUT_H
