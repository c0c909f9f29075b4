#ifndef MP_TEST_TYPES_HOOKS_H
#define MP_TEST_TYPES_HOOKS_H

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

// Classes of an application, which know nothing of the library.

namespace app {

//! One of a family of types that write themselves.
class Id
{
public:
    Id() = default;
    explicit Id(std::string text) : m_text(std::move(text)) {}
    std::string serialize() const { return m_text; }
    static Id unserialize(const std::string& text) { return Id(text); }
    bool isNull() const { return m_text.empty(); }
    bool operator==(const Id&) const = default;

private:
    std::string m_text;
};

struct Place
{
    std::string name;
};

enum class Level { Low = 1, High = 2 };

struct Blob
{
    std::string bytes;
};

//! Containers of its own.
struct Ring
{
    std::deque<int32_t> numbers;
};
struct Table
{
    std::vector<std::string> rows;
};

struct Settings
{
    std::string name;
    int32_t limit{0};
    //! Converted by hand.
    std::string secret;
};

//! Of what is to be found, and where it is put.
struct FoundBlock
{
    std::string* hash{nullptr};
    bool found{false};
};

struct Note
{
    std::string text;
};

class Refusal
{
public:
    explicit Refusal(std::string reason) : m_reason(std::move(reason)) {}
    const std::string& reason() const { return m_reason; }

private:
    std::string m_reason;
};

//! Of the server only.
class Scheduler
{
public:
    int32_t delays{0};
};

struct Command
{
    std::string name;
};

class Timer
{
public:
    explicit Timer(std::string name) : m_name(std::move(name)) {}
    const std::string& name() const { return m_name; }

private:
    std::string m_name;
};

//! What fields that stand for no parameter have brought, last.
inline std::atomic<int32_t> g_extra{0};

//! How often it was asked whether there is a node.
inline std::atomic<int32_t> g_asked{0};

class Node
{
public:
    virtual ~Node() = default;
    virtual std::string name() = 0;
};

class Hooks
{
public:
    virtual ~Hooks() = default;
    virtual std::vector<std::shared_ptr<const Id>> passIds(std::vector<std::shared_ptr<const Id>> ids) = 0;
    virtual Place passPlace(const Place& place) = 0;
    virtual Level passLevel(Level level) = 0;
    virtual Blob passBlob(const Blob& blob) = 0;
    virtual Ring passRing(const Ring& ring) = 0;
    virtual Table passTable(Table table) = 0;
    virtual Settings passSettings(const Settings& settings) = 0;
    virtual std::optional<Id> passHidden(const Id& id) = 0;
    virtual bool findBlock(const FoundBlock& block) = 0;
    virtual std::string readNote(const Note& note) = 0;
    virtual void writeNote(Note& note) = 0;
    virtual int32_t check(int32_t code) = 0;
    virtual int32_t start(Scheduler& scheduler, int32_t delay) = 0;
    virtual std::string command(const Command& command, Timer* timer) = 0;
    virtual std::string main(int argc, const char* const* argv) = 0;
    virtual std::string selfMade(std::string skipped) = 0;
    int32_t otherSignature(const char* text, size_t size) { return text[0] + static_cast<int32_t>(size); }
    virtual std::unique_ptr<Node> makeNode(std::shared_ptr<Node> node) = 0;
    virtual int32_t exchange() = 0;
};

} // namespace app

#include <mp/proxy.h>
#include <types/hooks.capnp.h>

// What generated code must see before it declares clients.

namespace mp {

//! Takes one string, while the C++ method takes two parameters.
template <>
struct ProxyClientMethodTraits<app::messages::Hooks::OtherSignatureParams>
    : public FunctionTraits<int32_t (app::Hooks::*const)(const std::string&)>
{
};

//! A member of the server that its hooks use.
template <>
struct ProxyServerCustom<app::messages::Hooks, app::Hooks> : public ProxyServerBase<app::messages::Hooks, app::Hooks>
{
public:
    using ProxyServerBase::ProxyServerBase;
    app::Scheduler m_scheduler;
};

//! A member of the client.
template <>
class ProxyClientCustom<app::messages::Hooks, app::Hooks> : public ProxyClientBase<app::messages::Hooks, app::Hooks>
{
public:
    using ProxyClientBase::ProxyClientBase;
    int m_calls{0};
};

} // namespace mp

#endif // MP_TEST_TYPES_HOOKS_H
