#ifndef GOLDEN_MAPPING_H
#define GOLDEN_MAPPING_H

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>

namespace golden {

//! Thrown here, and caught on the other side.
class Odd : public std::exception
{
public:
    explicit Odd(std::string text) : m_text(std::move(text)) {}
    const char* what() const noexcept override { return m_text.c_str(); }

private:
    std::string m_text;
};

struct Options
{
    int32_t hash{0};
    bool wantHash{false};
    int32_t number{0};
};

//! Neither default constructible nor copyable.
class Moved
{
public:
    explicit Moved(int32_t number) : m_number(number) {}
    Moved(Moved&&) = default;
    Moved& operator=(Moved&&) = default;
    int32_t number() const { return m_number; }

private:
    int32_t m_number;
};

//! What the last call got besides its parameters.
inline int32_t g_level{0};

class MappingCallback
{
public:
    virtual ~MappingCallback() = default;
    virtual int32_t call(int32_t arg) = 0;
};

class Mapping
{
public:
    virtual ~Mapping() = default;
    virtual void giveThreads() = 0;
    virtual void takeThreads() = 0;
    virtual int32_t late(int32_t a, int32_t b) = 0;
    virtual int32_t keywords(int32_t a, int32_t b, int32_t c, int32_t d, int32_t& e) = 0;
    virtual int32_t named(int32_t a, std::string& reason) = 0;
    virtual int32_t throwing(int32_t kind) = 0;
    virtual int32_t catching(int32_t kind) = 0;
    virtual int32_t point(int32_t x, int32_t y, int32_t third) = 0;
    virtual int32_t settings() = 0;
    virtual void optionalOut(std::optional<int32_t> in, std::optional<int32_t>& out) = 0;
    virtual void optionalInOut(std::optional<int32_t>& value) = 0;
    virtual std::optional<std::string> optionalText(const std::optional<std::string>& text) = 0;
    virtual int32_t wantIn(const int32_t* value) = 0;
    virtual int32_t wantInOut(int32_t* value) = 0;
    virtual bool wantOptional(std::optional<int32_t>* value) = 0;
    virtual void unasked(int32_t* value) = 0;
    virtual Options options(const Options& options) = 0;
    virtual std::unique_ptr<Moved> onlyMoved(Moved number, std::unique_ptr<Moved>& moved) = 0;
    virtual void later(std::unique_ptr<MappingCallback> callback) = 0;
};

} // namespace golden

#endif // GOLDEN_MAPPING_H
