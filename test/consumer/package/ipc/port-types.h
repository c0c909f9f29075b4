#ifndef HARBOR_IPC_PORT_TYPES_H
#define HARBOR_IPC_PORT_TYPES_H

#include "ipc/books.capnp.proxy-types.h"
#include "ipc/common.capnp.proxy-types.h"
#include "ipc/handler.capnp.proxy-types.h"

#include <mp/type-chrono.h>
#include <mp/type-context.h>
#include <mp/type-exception.h>
#include <mp/type-function.h>
#include <mp/type-interface.h>
#include <mp/type-pair.h>
#include <mp/type-pointer.h>
#include <mp/type-set.h>
#include <mp/type-void.h>

namespace mp {

// FoundCargo: which members the caller wants goes there, what is in them comes back

void CustomBuildMessage(InvokeContext& invoke_context, const harbor::FoundCargo& found,
                        harbor::ipc::messages::FoundCargoParam::Builder&& builder);
void CustomPassMessage(InvokeContext& invoke_context, const harbor::ipc::messages::FoundCargoParam::Reader& reader,
                       harbor::ipc::messages::FoundCargoResult::Builder builder,
                       std::function<void(const harbor::FoundCargo&)>&& fn);
void CustomReadMessage(InvokeContext& invoke_context, const harbor::ipc::messages::FoundCargoResult::Reader& reader,
                       const harbor::FoundCargo& found);

// Journal: says what is done to it

void CustomBuildMessage(InvokeContext& invoke_context, const harbor::Journal& journal,
                        harbor::ipc::messages::Journal::Builder&& builder);
void CustomReadMessage(InvokeContext& invoke_context, const harbor::ipc::messages::Journal::Reader& reader,
                       harbor::Journal& journal);
void CustomPassMessage(InvokeContext& invoke_context, const harbor::ipc::messages::Journal::Reader& reader,
                       harbor::ipc::messages::Journal::Builder builder, std::function<void(harbor::Journal&)>&& fn);

// The wind: no argument of the method, whatever it does

template <typename Output>
void CustomBuildField(TypeList<>, Priority<1>, InvokeContext&, Output&& output) requires
    std::is_same_v<decltype(output.get()), harbor::ipc::messages::Weather::Builder>
{
    output.init().setWind(harbor::Wind());
}

template <typename Input>
void CustomReadField(TypeList<>, Priority<1>, InvokeContext&, Input&& input) requires
    std::is_same_v<decltype(input.get()), harbor::ipc::messages::Weather::Reader>
{
    harbor::Wind() = input.get().getWind();
}

// Drafts that aren't ready aren't sent

inline bool CustomHasValue(InvokeContext&, const harbor::Draft& draft) { return draft.ready; }

template <typename Value, typename Output>
void CustomBuildField(TypeList<harbor::Draft>, Priority<1>, InvokeContext& invoke_context, Value&& value,
                      Output&& output)
{
    BuildField(TypeList<std::string>(), invoke_context, output, value.text);
}

//! Doesn't say what became of the destination.
template <typename Input, typename ReadDest>
void CustomReadField(TypeList<harbor::Draft>, Priority<1>, InvokeContext& invoke_context, Input&& input,
                     ReadDest&& read_dest)
{
    if (!input.has()) return;
    read_dest.update(
        [&](auto& draft) { ReadField(TypeList<std::string>(), invoke_context, input, ReadDestUpdate(draft.text)); });
}

// Arguments of a command line: two parameters in one field

template <typename Output>
void CustomBuildField(TypeList<int, const char* const*>, Priority<1>, InvokeContext& invoke_context, int argc,
                      const char* const* argv, Output&& output)
{
    auto list = output.init(static_cast<unsigned>(argc));
    for (int i = 0; i < argc; ++i) {
        BuildField(TypeList<std::string>(), invoke_context,
                   ListOutput<typename decltype(list)::Builds>(list, static_cast<size_t>(i)), std::string(argv[i]));
    }
}

template <typename Accessor, typename ServerContext, typename Fn, typename... Args>
void CustomPassField(TypeList<int, const char* const*>, ServerContext& server_context, const Fn& fn, Args&&... args)
{
    const auto params = server_context.call_context.getParams();
    std::vector<std::string> texts;
    ReadField(TypeList<std::vector<std::string>>(), server_context, Make<StructField, Accessor>(params),
              ReadDestUpdate(texts));
    std::vector<const char*> argv;
    for (const std::string& text : texts) argv.push_back(text.c_str());
    argv.push_back(nullptr);
    fn.invoke(server_context, std::forward<Args>(args)..., static_cast<int>(texts.size()), argv.data());
}

// Usage errors are told apart from local ones

template <typename Input>
void ThrowField(TypeList<harbor::UsageError>, InvokeContext& invoke_context, Input&& input)
{
    auto error = ReadField(TypeList<harbor::UsageError>(), invoke_context, input, ReadDestTemp<harbor::UsageError>());
    error.usage += " (remote)";
    throw error;
}

// Commands: the port keeps a reference, so they live as long as the server does

template <typename Output>
void CustomBuildField(TypeList<const harbor::Command&>, Priority<1>, InvokeContext& invoke_context,
                      const harbor::Command& command, Output&& output)
{
    auto builder = output.init();
    using Struct = ProxyStruct<harbor::ipc::messages::Command>;
    BuildField(TypeList<std::string>(), invoke_context, Make<StructField, Struct::NameAccessor>(builder), command.name);
    BuildField(TypeList<decltype(command.action)>(), invoke_context, Make<StructField, Struct::ActionAccessor>(builder),
               command.action);
}

template <typename Accessor, typename ServerContext, typename Fn, typename... Args>
void CustomPassField(TypeList<const harbor::Command&>, ServerContext& server_context, const Fn& fn, Args&&... args)
{
    const auto params = server_context.call_context.getParams();
    const auto reader = Accessor::get(params);
    const auto command = std::make_shared<harbor::Command>();
    using Struct = ProxyStruct<harbor::ipc::messages::Command>;
    ReadField(TypeList<std::string>(), server_context, Make<StructField, Struct::NameAccessor>(reader),
              ReadDestUpdate(command->name));
    ReadField(TypeList<decltype(command->action)>(), server_context, Make<StructField, Struct::ActionAccessor>(reader),
              ReadDestUpdate(command->action));
    fn.invoke(server_context, std::forward<Args>(args)..., *command);
    server_context.proxy_server.m_context.cleanup_fns.emplace_back([command] {});
}

// A bell that the port has a pointer to: the server keeps the client

template <typename Output>
void CustomBuildField(TypeList<harbor::Bell*>, Priority<3>, InvokeContext& invoke_context, harbor::Bell* bell,
                      Output&& output)
{
    if (!bell) return;
    output.set(kj::heap<ProxyServer<harbor::ipc::messages::Bell>>(
        std::shared_ptr<harbor::Bell>(bell, [](harbor::Bell*) {}), invoke_context.connection));
}

template <typename Accessor, typename ServerContext, typename Fn, typename... Args>
void CustomPassField(TypeList<harbor::Bell*>, ServerContext& server_context, const Fn& fn, Args&&... args)
{
    std::unique_ptr<harbor::Bell> bell;
    const auto params = server_context.call_context.getParams();
    ReadField(TypeList<std::unique_ptr<harbor::Bell>>(), server_context, Make<StructField, Accessor>(params),
              ReadDestUpdate(bell));
    fn.invoke(server_context, std::forward<Args>(args)..., bell.get());
    server_context.proxy_server.m_bell = std::move(bell);
}

// Books by reference: made by hand, and given away by customBooks()

template <>
struct ProxyServerMethodTraits<harbor::ipc::messages::Port::CustomBooksParams>
{
    using Context = ServerContext<harbor::ipc::messages::Port, harbor::ipc::messages::Port::CustomBooksParams,
                                  harbor::ipc::messages::Port::CustomBooksResults>;
    static ::capnp::Void invoke(Context& context);
};

} // namespace mp

#endif // HARBOR_IPC_PORT_TYPES_H
