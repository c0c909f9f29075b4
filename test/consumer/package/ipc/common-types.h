#ifndef HARBOR_IPC_COMMON_TYPES_H
#define HARBOR_IPC_COMMON_TYPES_H

#include "core/interfaces.h"

#include <mp/proxy-types.h>
#include <mp/type-decay.h>
#include <mp/type-map.h>
#include <mp/type-message.h>
#include <mp/type-number.h>
#include <mp/type-optional.h>
#include <mp/type-string.h>
#include <mp/type-struct.h>
#include <mp/type-vector.h>

namespace harbor::ipc {

template <typename T>
concept Bare = std::is_same_v<T, std::remove_cvref_t<T>>;

} // namespace harbor::ipc

namespace mp {

// Everything that packs itself travels as Data

template <typename LocalType, typename Value, typename Output>
    requires(harbor::ipc::Bare<LocalType>&& harbor::Packable<LocalType>)
void CustomBuildField(TypeList<LocalType>, Priority<1>, InvokeContext&, Value&& value, Output&& output)
{
    harbor::Packer packer;
    value.pack(packer);
    auto data = output.init(static_cast<unsigned>(packer.bytes.size()));
    std::copy(packer.bytes.begin(), packer.bytes.end(), data.begin());
}

template <typename LocalType, typename Input, typename ReadDest>
    requires harbor::Unpackable<LocalType>
decltype(auto) CustomReadField(TypeList<LocalType>, Priority<1>, InvokeContext&, Input&& input, ReadDest&& read_dest)
{
    return read_dest.update([&](auto& value) {
        const auto data = input.get();
        if (data.size() == 0) return;
        harbor::Unpacker unpacker(data.begin(), data.end());
        value.unpack(unpacker);
    });
}

template <typename LocalType, typename Input, typename ReadDest>
    requires harbor::UnpackConstructible<LocalType>
decltype(auto) CustomReadField(TypeList<LocalType>, Priority<1>, InvokeContext&, Input&& input, ReadDest&& read_dest)
{
    const auto data = input.get();
    harbor::Unpacker unpacker(data.begin(), data.end());
    return read_dest.construct(harbor::UnpackTag(), unpacker);
}

//! In lists, too, no bytes are no manifest.
template <typename Input>
bool CustomHasField(TypeList<harbor::Manifest>, InvokeContext&, const Input& input)
{
    return input.get().size() > 0;
}

// Tons

template <typename InvokeCtx>
int64_t BuildPrimitive(InvokeCtx&, const harbor::Tons& tons, TypeList<int64_t>)
{
    return tons.value;
}

template <typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<harbor::Tons>, Priority<1>, InvokeContext&, Input&& input, ReadDest&& read_dest)
{
    return read_dest.construct(harbor::Tons{input.get()});
}

// Documents travel in their text form

template <typename Value, typename Output>
void CustomBuildField(TypeList<harbor::Document>, Priority<1>, InvokeContext& invoke_context, Value&& value,
                      Output&& output)
{
    BuildField(TypeList<std::string>(), invoke_context, output, value.write());
}

template <typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<harbor::Document>, Priority<1>, InvokeContext& invoke_context, Input&& input,
                               ReadDest&& read_dest)
{
    return read_dest.update([&](auto& document) {
        const std::string text = ReadField(TypeList<std::string>(), invoke_context, input, ReadDestTemp<std::string>());
        if (!document.read(text)) throw std::invalid_argument("not a document: " + text);
    });
}

// Outcomes

template <typename LocalType, typename Value, typename Output>
void CustomBuildField(TypeList<harbor::Outcome<LocalType>>, Priority<1>, InvokeContext& invoke_context, Value&& value,
                      Output&& output)
{
    auto builder = output.init();
    using Struct = typename decltype(builder)::Builds;
    if (value) {
        BuildField(TypeList<LocalType>(), invoke_context,
                   Make<StructField, typename ProxyStruct<Struct>::ValueAccessor>(builder), *value);
    } else {
        BuildField(TypeList<harbor::Notice>(), invoke_context,
                   Make<StructField, typename ProxyStruct<Struct>::ErrorAccessor>(builder), value.why());
    }
}

template <typename LocalType, typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<harbor::Outcome<LocalType>>, Priority<1>, InvokeContext& invoke_context,
                               Input&& input, ReadDest&& read_dest)
{
    const auto reader = input.get();
    using Struct = typename std::remove_cvref_t<decltype(reader)>::Reads;
    StructField<typename ProxyStruct<Struct>::ErrorAccessor, const typename Struct::Reader> error{reader};
    if (CustomHasField(TypeList<harbor::Notice>(), invoke_context, error)) {
        return read_dest.construct(
            ReadField(TypeList<harbor::Notice>(), invoke_context, error, ReadDestTemp<harbor::Notice>()));
    }
    return read_dest.construct(ReadField(TypeList<LocalType>(), invoke_context,
                                         Make<StructField, typename ProxyStruct<Struct>::ValueAccessor>(reader),
                                         ReadDestTemp<LocalType>()));
}

// Sets with a hash of their own

template <typename LocalType, typename Hash, typename Value, typename Output>
void CustomBuildField(TypeList<std::unordered_set<LocalType, Hash>>, Priority<1>, InvokeContext& invoke_context,
                      Value&& value, Output&& output)
{
    BuildList(TypeList<LocalType>(), invoke_context, output, value);
}

template <typename LocalType, typename Hash, typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<std::unordered_set<LocalType, Hash>>, Priority<1>,
                               InvokeContext& invoke_context, Input&& input, ReadDest&& read_dest)
{
    return ReadList(
        TypeList<LocalType>(), invoke_context, input, read_dest,
        [](auto& set, size_t size) {
            set.clear();
            set.reserve(size);
        },
        [](auto& set, auto&&... args) -> auto& { return *set.emplace(std::forward<decltype(args)>(args)...).first; });
}

// Options that all processes share: from the caller's into the server's

template <typename Output>
void CustomBuildField(TypeList<>, Priority<1>, ClientInvokeContext& invoke_context, Output&& output) requires
    std::is_same_v<decltype(output.get()), harbor::ipc::messages::GlobalOptions::Builder>
{
    auto builder = output.init();
    BuildField(TypeList<std::string>(), invoke_context,
               Make<StructField, typename ProxyStruct<harbor::ipc::messages::GlobalOptions>::NetworkAccessor>(builder),
               harbor::Globals().network);
    builder.setQuiet(harbor::Globals().quiet);
}

template <typename Accessor, typename ServerContext, typename Fn, typename... Args>
auto CustomPassField(TypeList<>, ServerContext& server_context, const Fn& fn, Args&&... args)
    -> std::enable_if_t<std::is_same_v<decltype(Accessor::get(server_context.call_context.getParams())),
                                       harbor::ipc::messages::GlobalOptions::Reader>>
{
    const auto options = Accessor::get(server_context.call_context.getParams());
    harbor::Globals().network = options.getNetwork();
    harbor::Globals().quiet = options.getQuiet();
    fn.invoke(server_context, std::forward<Args>(args)...);
}

// Shipments are cargo and a flag that isn't a member there

void CustomBuildMessage(InvokeContext& invoke_context, const harbor::Shipment& src,
                        harbor::ipc::messages::Cargo::Builder&& builder);
void CustomReadMessage(InvokeContext& invoke_context, const harbor::ipc::messages::Cargo::Reader& reader,
                       harbor::Shipment& dest);

} // namespace mp

#endif // HARBOR_IPC_COMMON_TYPES_H
