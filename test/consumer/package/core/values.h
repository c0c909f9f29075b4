#ifndef HARBOR_CORE_VALUES_H
#define HARBOR_CORE_VALUES_H

#include "pack.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <variant>

namespace harbor {

//! A number that isn't mistaken for another.
struct Tons
{
    int64_t value{0};
    auto operator<=>(const Tons&) const = default;
};

enum class Tide : uint8_t { Ebb = 1, Flood = 2 };

//! A text for logs, and for people.
struct Notice
{
    std::string original;
    std::string translated;
};

class Berth
{
public:
    Berth() = default;
    Berth(uint32_t quay, std::string name) : m_quay(quay), m_name(std::move(name)) {}

    void pack(Packer& packer) const
    {
        packer.number(m_quay);
        packer.text(m_name);
    }
    void unpack(Unpacker& unpacker)
    {
        m_quay = unpacker.number();
        m_name = unpacker.text();
    }
    uint32_t quay() const { return m_quay; }
    const std::string& name() const { return m_name; }
    auto operator<=>(const Berth&) const = default;

private:
    uint32_t m_quay{0};
    std::string m_name;
};

struct BerthHash
{
    size_t operator()(const Berth& berth) const { return std::hash<std::string>()(berth.name()) + berth.quay(); }
};
using BerthSet = std::unordered_set<Berth, BerthHash>;

//! Neither default-constructible nor assignable.
class Manifest
{
public:
    explicit Manifest(std::string ship) : m_ship(std::move(ship)) {}
    Manifest(UnpackTag, Unpacker& unpacker) : m_ship(unpacker.text()) {}
    Manifest(const Manifest&) = delete;
    Manifest& operator=(const Manifest&) = delete;

    void pack(Packer& packer) const { packer.text(m_ship); }
    const std::string& ship() const { return m_ship; }

private:
    const std::string m_ship;
};

struct Cargo
{
    std::string label;
    Tons weight;
    std::optional<int> grade;
    std::map<std::string, std::string> marks;
    Berth berth;
    //! Of this process alone.
    int times_seen{0};
};

//! Cargo that may be closed.
struct Shipment : Cargo
{
    bool sealed{false};
};

//! Texts by name, with a text form of its own: "key=value" lines.
class Document
{
public:
    std::string write() const
    {
        std::string text;
        for (const auto& [key, value] : entries) text += key + '=' + value + '\n';
        return text;
    }
    bool read(const std::string& text)
    {
        entries.clear();
        size_t at = 0;
        while (at < text.size()) {
            const size_t end = text.find('\n', at);
            const size_t equals = text.find('=', at);
            if (end == std::string::npos || equals > end) return false;
            entries[text.substr(at, equals - at)] = text.substr(equals + 1, end - equals - 1);
            at = end + 1;
        }
        return true;
    }

    std::map<std::string, std::string> entries;
};

//! A value, or why there is none.
template <typename T>
class Outcome
{
public:
    Outcome() : m_content(Notice{}) {}
    Outcome(T value) : m_content(std::move(value)) {}
    Outcome(Notice why) : m_content(std::move(why)) {}

    explicit operator bool() const { return m_content.index() == 0; }
    const T& operator*() const { return std::get<0>(m_content); }
    const Notice& why() const { return std::get<1>(m_content); }

private:
    std::variant<T, Notice> m_content;
};

//! A text that may not be there yet.
struct Draft
{
    std::string text{"(none)"};
    bool ready{true};
};

//! Says what its user wants to know, and takes it.
class FoundCargo
{
public:
    FoundCargo& weight(Tons& weight)
    {
        m_weight = &weight;
        return *this;
    }
    FoundCargo& label(std::string& label)
    {
        m_label = &label;
        return *this;
    }
    FoundCargo& next(const FoundCargo& next)
    {
        m_next = &next;
        return *this;
    }

    Tons* m_weight{nullptr};
    std::string* m_label{nullptr};
    const FoundCargo* m_next{nullptr};
    mutable bool found{false};
};

//! Changes as it goes: what was done to it, in order.
struct Journal
{
    std::string text;
};

//! Thrown for a command that nobody understands.
struct UsageError
{
    std::string usage;
    int exit_code{0};
};

struct Command
{
    std::string name;
    std::function<std::string(const Document& args)> action;
};

//! Runs functions when they are due. Of one process, never sent to another.
class Scheduler
{
public:
    void at(int hour, std::function<void()> fn) { m_due.emplace(hour, std::move(fn)); }
    void tick(int hour)
    {
        for (auto [it, end] = m_due.equal_range(hour); it != end; ++it) it->second();
    }

private:
    std::multimap<int, std::function<void()>> m_due;
};

} // namespace harbor

#endif // HARBOR_CORE_VALUES_H
