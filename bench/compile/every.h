#ifndef MP_BENCH_COMPILE_EVERY_H
#define MP_BENCH_COMPILE_EVERY_H

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

namespace compile {

enum class Color : uint8_t { Red = 1, Blue = 2 };
enum class Shade : uint16_t { Dark, Light };

struct Hash
{
    unsigned char bytes[32]{};
};

struct Item
{
    int32_t number{0};
    std::string text;
    std::optional<int32_t> weight;
    std::vector<char> data;
};

struct Tree
{
    std::string name;
    std::vector<Item> items;
    Color color{Color::Red};
    std::map<std::string, int64_t> sizes;
    std::shared_ptr<const Item> parent;
};

struct Failure
{
    std::string text;
    int32_t position{0};
};

struct Message
{
    std::string trace;
};

class Listener
{
public:
    virtual ~Listener() = default;
    virtual int32_t notify(int32_t number) = 0;
};

using Choice = std::variant<int32_t, std::string, Item, std::monostate>;
using Items = std::vector<Item>;
using Names = std::set<std::string>;
using Milliseconds = std::chrono::duration<double, std::milli>;
using SystemTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;

class Every
{
public:
    virtual ~Every() = default;
    virtual int64_t passIntegers(int8_t int8, int16_t int16, int32_t int32, int64_t int64, uint32_t uint32,
                                 uint64_t& sum) = 0;
    virtual double passReals(float float32, double float64, bool flag) = 0;
    virtual Color passEnum(Color color, Shade shade) = 0;
    virtual Milliseconds passTimes(std::chrono::seconds duration, SystemTime point) = 0;
    virtual std::string passText(const std::string& text, std::string_view view) = 0;
    virtual std::vector<unsigned char> passBytes(const std::vector<char>& data, std::span<const char> span) = 0;
    virtual Hash passArrays(const Hash& hash, const std::array<int32_t, 4>& array) = 0;
    virtual std::optional<int32_t> passOptionals(std::optional<int32_t> number, std::optional<std::string> text) = 0;
    virtual std::shared_ptr<const Item> passShared(std::shared_ptr<const std::string> text,
                                                   const std::shared_ptr<const Item>& item) = 0;
    virtual bool passPointers(int32_t* size, Item* item) = 0;
    virtual Items passVector(const Items& items, std::vector<std::vector<int32_t>> lists) = 0;
    virtual std::vector<bool> passBits(const std::vector<bool>& bits, const std::vector<std::string>& texts) = 0;
    virtual Names passSets(Names ordered, std::unordered_set<int32_t> hashed) = 0;
    virtual std::map<std::string, Item> passMap(const std::map<std::string, Item>& map) = 0;
    virtual std::pair<int32_t, std::string> passPair(const std::pair<int32_t, std::string>& pair) = 0;
    virtual std::tuple<int32_t, std::string> passTuple(std::tuple<int32_t, std::string> tuple) = 0;
    virtual Choice passVariant(const Choice& choice) = 0;
    virtual Tree passStruct(const Tree& tree) = 0;
    virtual bool updateStruct(Item& item) = 0;
    virtual Message passMessage(const Message& message) = 0;
    virtual double solve(const std::string& equation) = 0;
    virtual int32_t lend(Listener& listener) = 0;
    virtual std::unique_ptr<Listener> give(std::unique_ptr<Listener> listener) = 0;
    virtual std::vector<std::unique_ptr<Listener>> share(std::shared_ptr<Listener> listener,
                                                         std::monostate nothing) = 0;
    virtual int32_t passFunction(std::function<int32_t(int32_t, const std::string&)> fn) = 0;
};

} // namespace compile

#endif // MP_BENCH_COMPILE_EVERY_H
