#ifndef GOLDEN_BASIC_H
#define GOLDEN_BASIC_H

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace golden {

struct Item
{
    int32_t number{0};
    std::string text;
    std::optional<int32_t> weight;
    std::vector<bool> bits;
};

struct Failure
{
    std::string text;
    int32_t position{0};
};

class Callback
{
public:
    virtual ~Callback() = default;
    virtual int32_t call(int32_t arg) = 0;
};

class Basic
{
public:
    virtual ~Basic() = default;
    virtual int32_t add(int32_t a, int32_t b) = 0;
    virtual void addOut(int32_t a, int32_t b, int32_t& sum) = 0;
    virtual void addInOut(int32_t a, int32_t& sum) = 0;
    virtual std::optional<int32_t> half(std::optional<int32_t> value) = 0;
    virtual void want(const std::string& name, int32_t* size, std::string* text) = 0;
    virtual Item passItem(Item item) = 0;
    virtual std::map<std::string, int32_t> passMap(const std::map<std::string, int32_t>& map) = 0;
    virtual double solve(const std::string& equation) = 0;
    virtual void lend(Callback& callback) = 0;
    virtual std::unique_ptr<Callback> give(std::unique_ptr<Callback> callback) = 0;
    virtual void share(std::shared_ptr<Callback> callback) = 0;
    virtual int32_t passFn(std::function<int32_t(int32_t)> fn) = 0;
    virtual bool ready() const = 0;
    virtual int32_t size() const noexcept = 0;
    virtual std::string ordered(int32_t in, std::string& reason) = 0;
    virtual void args(int argc, const char* const* argv) = 0;
    virtual void nothing() = 0;
    virtual std::string pooled(const std::string& text) = 0;
};

} // namespace golden

#endif // GOLDEN_BASIC_H
