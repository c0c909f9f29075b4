#include "print-cpp.h"

#include "names.h"
#include "text.h"

// foo.capnp.proxy-types.h: which member of a C++ struct is which field; and the remaining source file.

namespace mp::gen {
namespace {

std::string StructType(const Module& module, const CppNames& names, const Node& node)
{
    std::string checks;
    std::string members;
    size_t count = 0;
    for (const BoundField& field : BindStruct(node)) {
        if (field.skip) continue;
        const std::string member = field.params->annotations.name.value_or(SafeName(field.name));
        checks += Cat("    static_assert(requires { requires std::is_member_object_pointer_v<decltype(&C_::", member,
                      ")>; },\n                  ",
                      Quoted(Cat(node.path, ".", field.name, ": ", *node.annotations.wrap,
                                 " has no accessible data member ", member)),
                      ");\n");
        members += Cat("    static constexpr auto get(std::integral_constant<size_t, ", count,
                       ">) { return &Type::", member, "; }\n");
        ++count;
    }
    return Cat(CppChecks(names, node, checks), "template <>\nstruct ProxyType<", *node.annotations.wrap,
               ">\n{\n    using Type = ", *node.annotations.wrap, ";\n    using Struct = ", CxxClass(module, node),
               ";\n", members, "    static constexpr size_t fields = ", count, ";\n};\n\n");
}

} // namespace

std::string PrintCppTypes(const Module& module, const CppNames& names)
{
    std::string body = Cat("#include <mp/proxy.h>\n#include <", names.include, ".proxy.h>\n");
    for (const std::string& header : module.file().annotations.include_types)
        body += Cat("#include \"", header, "\"\n");
    body += "\nnamespace mp {\n\n";
    for (const Node* node : Structs(module)) {
        if (node->annotations.wrap) body += StructType(module, names, *node);
    }
    return Guarded(names, "PROXY_TYPES_H", body + "} // namespace mp\n");
}

std::string PrintCppSource(const CppNames& names)
{
    return FirstLines(names) + "// Clients are defined in the proxy-client file, servers in the proxy-server file: "
                               "each can be linked alone.\n";
}

} // namespace mp::gen
