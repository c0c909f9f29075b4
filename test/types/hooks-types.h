#ifndef MP_TEST_TYPES_HOOKS_TYPES_H
#define MP_TEST_TYPES_HOOKS_TYPES_H

#include <concepts>
#include <mp/type-context.h>
#include <mp/type-message.h>
#include <mp/type-number.h>
#include <mp/type-string.h>

// The hooks of an application, half of them in its own namespace, half in the library's; before most of the library's
// headers, and after some.

namespace app {

// Types of its own, found through TypeList.

template <typename Value, typename Output>
void CustomBuildField(mp::TypeList<Place>, mp::Priority<1>, mp::InvokeContext& context, Value&& value, Output&& output)
{
    mp::BuildField(mp::TypeList<std::string>(), context, output, "at " + value.name);
}

template <typename Input, typename ReadDest>
decltype(auto) CustomReadField(mp::TypeList<Place>, mp::Priority<1>, mp::InvokeContext& context, Input&& input,
                               ReadDest&& read_dest)
{
    return read_dest.construct(
        mp::ReadField(mp::TypeList<std::string>(), context, input, mp::ReadDestTemp<std::string>()));
}

template <typename Value, typename Output>
void CustomBuildField(mp::TypeList<Blob>, mp::Priority<1>, mp::InvokeContext&, Value&& blob, Output&& output)
{
    auto data = output.init(static_cast<unsigned>(blob.bytes.size()));
    std::copy(blob.bytes.begin(), blob.bytes.end(), data.begin());
}

inline void CustomReadMessage(mp::InvokeContext&, const capnp::Data::Reader& reader, Blob& dest)
{
    dest.bytes.assign(reader.begin(), reader.end());
    dest.bytes += " read";
}

// Messages.

inline void CustomBuildMessage(mp::InvokeContext&, const FoundBlock& block,
                               messages::FoundBlockParam::Builder&& builder)
{
    builder.setWantHash(block.hash != nullptr);
}

inline void CustomReadMessage(mp::InvokeContext&, const messages::FoundBlockResult::Reader& reader,
                              const FoundBlock& block)
{
    if (block.hash != nullptr) *block.hash = reader.getHash();
}

namespace messages {
inline void CustomPassMessage(mp::InvokeContext&, const messages::FoundBlockParam::Reader& reader,
                              messages::FoundBlockResult::Builder&& builder,
                              std::function<void(const FoundBlock&)>&& fn)
{
    std::string hash;
    FoundBlock block;
    if (reader.getWantHash()) block.hash = &hash;
    fn(block);
    if (block.hash != nullptr) builder.setHash(hash);
}
} // namespace messages

} // namespace app

namespace mp {

// A family of types.

//! Left to the library to take off: const and references.
template <typename T>
concept WritesItself = std::same_as<T, RemoveCvRef<T>> && requires(const T& value)
{
    {
        value.serialize()
        } -> std::same_as<std::string>;
};

template <typename LocalType, typename Value, typename Output>
void CustomBuildField(TypeList<LocalType>, Priority<1>, InvokeContext&, Value&& value,
                      Output&& output) requires WritesItself<LocalType>
{
    const std::string bytes = value.serialize();
    auto data = output.init(static_cast<unsigned>(bytes.size()));
    std::copy(bytes.begin(), bytes.end(), data.begin());
}

template <typename LocalType, typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<LocalType>, Priority<1>, InvokeContext&, Input&& input,
                               ReadDest&& read_dest) requires WritesItself<LocalType>
{
    const auto data = input.get();
    return read_dest.construct(LocalType::unserialize(std::string(data.asChars().begin(), data.size())));
}

//! A family that a type of the library's is in: its own conversion is closer.
template <typename LocalType, typename Value, typename Output>
void CustomBuildField(TypeList<LocalType>, Priority<1>, InvokeContext&, Value&&, Output&& output) requires
    requires(const LocalType& text)
{
    requires std::same_as<LocalType, RemoveCvRef<LocalType>>;
    text.find_last_not_of('x');
}
{
    output.set("built by the family");
}

inline bool CustomHasValue(InvokeContext&, const app::Id& id) { return !id.isNull(); }

template <typename Input>
bool CustomHasField(TypeList<app::Id>, InvokeContext&, const Input& input)
{
    return input.get().size() > 0;
}

//! In the place of the library's cast.
template <typename InvokeCtx>
int32_t BuildPrimitive(InvokeCtx&, app::Level value, TypeList<int32_t>)
{
    return value == app::Level::Low ? 100 : 200;
}

template <typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<app::Level>, Priority<1>, InvokeContext&, Input&& input, ReadDest&& read_dest)
{
    return read_dest.construct(input.get() == 100 ? app::Level::Low : app::Level::High);
}

// Containers.

template <typename Value, typename Output>
void CustomBuildField(TypeList<app::Ring>, Priority<1>, InvokeContext& context, Value&& value, Output&& output)
{
    BuildList(TypeList<int32_t>(), context, output, value.numbers);
}

template <typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<app::Ring>, Priority<1>, InvokeContext& context, Input&& input,
                               ReadDest&& read_dest)
{
    return ReadList(
        TypeList<int32_t>(), context, input, read_dest,
        [](app::Ring& ring, size_t count) { ring.numbers = {static_cast<int32_t>(count)}; },
        [](app::Ring& ring, auto&&... args) -> int32_t& {
            return ring.numbers.emplace_back(std::forward<decltype(args)>(args)...);
        });
}

template <typename Value, typename Output>
void CustomBuildField(TypeList<app::Table>, Priority<1>, InvokeContext& context, Value&& value, Output&& output)
{
    auto list = output.init(static_cast<unsigned>(value.rows.size()));
    size_t i = 0;
    for (const std::string& row : value.rows) {
        BuildField(TypeList<std::string>(), context, ListOutput<typename decltype(list)::Builds>(list, i), row);
        ++i;
    }
}

//! Its result is of no use to anyone.
template <typename Input, typename ReadDest>
void CustomReadField(TypeList<app::Table>, Priority<1>, InvokeContext& context, Input&& input, ReadDest&& read_dest)
{
    read_dest.update([&](auto& table) {
        table.rows.clear();
        for (auto row : input.get()) {
            ReadField(TypeList<std::string>(), context, Make<ValueField>(row),
                      ReadDestEmplace(
                          TypeList<std::string>(), [&](auto&&... args) -> auto& {
                              return table.rows.emplace_back(std::forward<decltype(args)>(args)...);
                          }));
        }
    });
}

// Messages: the generated fields as the library converts them, the skipped one by hand.

void CustomBuildMessage(InvokeContext& context, const app::Settings& settings,
                        app::messages::Settings::Builder&& builder);
void CustomReadMessage(InvokeContext& context, const app::messages::Settings::Reader& reader, app::Settings& settings);

inline void CustomBuildMessage(InvokeContext&, const app::Note& note, app::messages::Note::Builder&& builder)
{
    builder.setText(note.text);
}

inline void CustomReadMessage(InvokeContext&, const app::messages::Note::Reader& reader, app::Note& note)
{
    note.text = reader.getText();
}

//! A parameter only.
inline void CustomPassMessage(InvokeContext&, const app::messages::Note::Reader& reader, capnp::Void,
                              std::function<void(const app::Note&)>&& fn)
{
    app::Note note;
    note.text = std::string("passed ") + reader.getText().cStr();
    fn(note);
}

//! A result only.
inline void CustomPassMessage(InvokeContext&, capnp::Void, app::messages::Note::Builder builder,
                              std::function<void(app::Note&)>&& fn)
{
    app::Note note;
    fn(note);
    builder.setText(note.text + ", and passed");
}

// Exceptions.

template <typename Value, typename Output>
void CustomBuildField(TypeList<app::Refusal>, Priority<1>, InvokeContext&, Value&& value, Output&& output)
{
    output.init().setText(value.reason());
}

template <typename Input>
void ThrowField(TypeList<app::Refusal>, InvokeContext&, Input&& input)
{
    throw app::Refusal(std::string("thrown: ") + input.get().getText().cStr());
}

// Parameters that the server passes in a way of its own.

template <typename Accessor, typename ServerContext, typename Fn, typename... Args>
void CustomPassField(TypeList<app::Scheduler&>, ServerContext& server_context, const Fn& fn, Args&&... args)
{
    fn.invoke(server_context, std::forward<Args>(args)..., server_context.proxy_server.m_scheduler);
}

template <typename Value, typename Output>
void CustomBuildField(TypeList<app::Command>, Priority<1>, InvokeContext&, Value&& value, Output&& output)
{
    output.init().setText(value.name);
}

template <typename Accessor, typename ServerContext, typename Fn, typename... Args>
void CustomPassField(TypeList<const app::Command&>, ServerContext& server_context, const Fn& fn, Args&&... args)
{
    app::Command command;
    command.name = Accessor::get(server_context.call_context.getParams()).getText();
    fn.invoke(server_context, std::forward<Args>(args)..., command);
}

template <typename Value, typename Output>
void CustomBuildField(TypeList<app::Timer>, Priority<1>, InvokeContext&, Value&& value, Output&& output)
{
    output.set(value.name());
}

template <typename Accessor, typename ServerContext, typename Fn, typename... Args>
void CustomPassField(TypeList<app::Timer*>, ServerContext& server_context, Fn&& fn, Args&&... args)
{
    app::Timer timer(Accessor::get(server_context.call_context.getParams()));
    fn.invoke(server_context, std::forward<Args>(args)..., &timer);
}

template <typename Output>
void CustomBuildField(TypeList<int, const char* const*>, Priority<1>, InvokeContext&, int argc, const char* const* argv,
                      Output&& output)
{
    auto list = output.init(static_cast<unsigned>(argc));
    for (int i = 0; i < argc; ++i) list.set(static_cast<unsigned>(i), argv[i]);
}

template <typename Accessor, typename ServerContext, typename Fn, typename... Args>
void CustomPassField(TypeList<int, const char* const*>, ServerContext& server_context, const Fn& fn, Args&&... args)
{
    std::vector<const char*> argv;
    for (const auto arg : Accessor::get(server_context.call_context.getParams())) argv.push_back(arg.cStr());
    const int argc = static_cast<int>(argv.size());
    argv.push_back(nullptr);
    fn.invoke(server_context, std::forward<Args>(args)..., argc, argv.data());
}

//! A field that stands for no parameter.
template <typename Output>
void CustomBuildField(TypeList<>, Priority<1>, ClientInvokeContext& context,
                      Output&& output) requires std::is_same_v<decltype(output.get()), app::messages::Globals::Builder>
{
    output.init().setLevel(static_cast<int32_t>(context.thread_context.thread_name.size()));
}

template <typename Accessor, typename ServerContext, typename Fn, typename... Args>
auto CustomPassField(TypeList<>, ServerContext& server_context, const Fn& fn, Args&&... args) -> std::enable_if_t<
    std::is_same_v<decltype(Accessor::get(server_context.call_context.getParams())), app::messages::Globals::Reader>>
{
    server_context.proxy_server.m_scheduler.delays = Accessor::get(server_context.call_context.getParams()).getLevel();
    fn.invoke(server_context, std::forward<Args>(args)...);
}

//! One that goes both ways.
template <typename Output>
void CustomBuildField(TypeList<>, Priority<1>, InvokeContext&,
                      Output&& output) requires std::is_same_v<decltype(output.get()), app::messages::Extra::Builder>
{
    output.init().setNumber(app::g_extra + 1);
}

template <typename Input>
decltype(auto)
CustomReadField(TypeList<>, Priority<1>, InvokeContext&,
                Input&& input) requires std::is_same_v<decltype(input.get()), app::messages::Extra::Reader>
{
    app::g_extra = input.get().getNumber();
}

//! Whether there is an object is asked about its interface.
template <typename Input>
bool CustomHasField(TypeList<app::Node>, InvokeContext&, const Input& input)
{
    ++app::g_asked;
    return input.has();
}

//! Passes nothing: the method below needs nothing.
template <typename Accessor, typename ServerContext, typename Fn, typename... Args>
auto CustomPassField(TypeList<std::string>, ServerContext& server_context, const Fn& fn, Args&&... args)
    -> std::enable_if_t<
        std::is_same_v<typename ServerContext::CallContext,
                       capnp::CallContext<app::messages::Hooks::SelfMadeParams, app::messages::Hooks::SelfMadeResults>>>
{
    fn.invoke(server_context, std::forward<Args>(args)...);
}

//! Fills the results itself.
template <>
struct ProxyServerMethodTraits<app::messages::Hooks::SelfMadeParams>
{
    using Context = ServerContext<app::messages::Hooks, app::messages::Hooks::SelfMadeParams,
                                  app::messages::Hooks::SelfMadeResults>;
    static ::capnp::Void invoke(Context& context)
    {
        InvokeContext& converted = context;
        static_cast<void>(converted);
        context.call_context.getResults().setResult("self-made");
        return {};
    }
};

template <>
struct ProxyServerMethodTraits<app::messages::Hooks::OtherSignatureParams>
{
    using Context = ServerContext<app::messages::Hooks, app::messages::Hooks::OtherSignatureParams,
                                  app::messages::Hooks::OtherSignatureResults>;
    static int32_t invoke(Context& context, const std::string& text)
    {
        return context.proxy_server.m_impl->otherSignature(text.data(), text.size());
    }
};

} // namespace mp

#include <mp/proxy-types.h>
#include <mp/type-interface.h>
#include <mp/type-optional.h>
#include <mp/type-pointer.h>
#include <mp/type-struct.h>
#include <mp/type-threadmap.h>
#include <mp/type-vector.h>
#include <mp/type-void.h>

namespace mp {

// Objects.

//! A client of the application's own.
class NamedNode final : public app::Node
{
public:
    explicit NamedNode(std::unique_ptr<app::Node> node) : m_node(std::move(node)) {}
    std::string name() override { return "client of " + m_node->name(); }

private:
    std::unique_ptr<app::Node> m_node;
};

template <>
inline std::unique_ptr<app::Node>
CustomMakeProxyClient<app::messages::Node, app::Node>(InvokeContext& context, app::messages::Node::Client&& client)
{
    // The state of the application.
    static_cast<void>(context.connection.m_loop->m_context);
    return std::make_unique<NamedNode>(
        std::make_unique<ProxyClient<app::messages::Node>>(kj::mv(client), &context.connection, false));
}

//! What a server gets instead of the object itself.
class ServedNode final : public app::Node
{
public:
    explicit ServedNode(std::shared_ptr<app::Node> node) : m_node(std::move(node)) {}
    std::string name() override { return "server of " + m_node->name(); }

private:
    std::shared_ptr<app::Node> m_node;
};

template <>
inline kj::Own<app::messages::Node::Server>
CustomMakeProxyServer<app::messages::Node, app::Node>(InvokeContext& context, std::shared_ptr<app::Node>&& impl)
{
    return kj::heap<ProxyServer<app::messages::Node>>(std::make_shared<ServedNode>(std::move(impl)),
                                                      context.connection);
}

} // namespace mp

#endif // MP_TEST_TYPES_HOOKS_TYPES_H
