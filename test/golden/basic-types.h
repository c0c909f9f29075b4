#ifndef GOLDEN_BASIC_TYPES_H
#define GOLDEN_BASIC_TYPES_H

#include <mp/proxy-types.h>
#include <mp/type-context.h>
#include <mp/type-exception.h>
#include <mp/type-function.h>
#include <mp/type-interface.h>
#include <mp/type-map.h>
#include <mp/type-number.h>
#include <mp/type-optional.h>
#include <mp/type-pointer.h>
#include <mp/type-string.h>
#include <mp/type-struct.h>
#include <mp/type-threadmap.h>
#include <mp/type-vector.h>

namespace mp {

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
    const auto params = server_context.call_context.getParams();
    std::vector<const char*> argv;
    for (const auto arg : Accessor::get(params)) argv.push_back(arg.cStr());
    argv.push_back(nullptr);
    fn.invoke(server_context, std::forward<Args>(args)..., static_cast<int>(argv.size()) - 1, argv.data());
}

} // namespace mp

#endif // GOLDEN_BASIC_TYPES_H
