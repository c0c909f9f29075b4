#include "print-cpp.h"

#include "names.h"
#include "text.h"

#include <map>
#include <set>

// foo.capnp.proxy.h: what the generated classes look like.

namespace mp::gen {
namespace {

std::string Dirname(const std::string& path)
{
    const size_t slash = path.rfind('/');
    return slash == std::string::npos ? "" : path.substr(0, slash + 1);
}

//! Headers of other files whose interfaces are extended here: their ProxyMethods are needed.
std::string SuperclassIncludes(const Module& module, const CppNames& names)
{
    std::set<uint64_t> files;
    for (const Node* interface : WrappedInterfaces(module)) {
        for (const Node* superclass : AllSuperclasses(module, *interface)) {
            const Node* scope = superclass;
            while (scope->scope_id != 0) scope = &module.nodes.at(scope->scope_id);
            files.insert(scope->id);
        }
    }
    std::string out;
    for (const Import& import : module.imports) {
        if (files.count(import.id) == 0) continue;
        const std::string path = import.name[0] == '/' ? import.name.substr(1) : Dirname(names.include) + import.name;
        out += Cat("#include <", path, ".proxy.h>\n");
    }
    return out;
}

std::string Includes(const Module& module, const CppNames& names)
{
    std::string out = Cat("#include <", names.include, ".h>\n");
    for (const std::string& header : module.file().annotations.include) out += Cat("#include \"", header, "\"\n");
    out += SuperclassIncludes(module, names);
    out += "#include <mp/proxy-method.h>\n#include <mp/proxy.h>\n\n";
    return out + "static_assert(MP_MAJOR_VERSION >= 14, \"this code needs a newer library\");\n\n";
}

//! Fields that have an accessor, by capitalized name, with the flags of all that have the name.
std::map<std::string, BoundField> AccessorFields(const Module& module)
{
    std::map<std::string, BoundField> out;
    const auto add = [&](const BoundField& field) {
        BoundField& all = out[Capitalized(CxxName(field.field()))];
        all.optional = all.optional || field.optional;
        all.requested = all.requested || field.requested;
    };
    for (const Node* node : Structs(module)) {
        for (const Field& field : node->fields) {
            BoundField plain;
            plain.params = &field;
            add(plain);
        }
        for (const BoundField& field : BindStruct(*node)) add(field);
    }
    for (const Node* interface : WrappedInterfaces(module)) {
        for (const BoundMethod& method : BindAll(module, *interface)) {
            for (const BoundField& field : method.arguments) add(field);
            for (const BoundField& field : method.exceptions) add(field);
            if (method.result) add(*method.result);
        }
    }
    return out;
}

std::string FieldClass(const std::string& name, const BoundField& field)
{
    // Names in schemas have no underscores, so none hides a template parameter.
    std::string out =
        Cat("struct ", name, "\n{\n", "    template <typename S_> static auto get(S_&& s) -> decltype(s.get", name,
            "()) { return s.get", name, "(); }\n    template <typename S_> static bool has(S_&& s) { return s.has",
            name, "(); }\n    template <typename S_, typename V_> static void set(S_&& s, V_&& v) { s.set", name,
            "(std::forward<V_>(v)); }\n",
            "    template <typename S_, typename... A_> static decltype(auto) init(S_&& s, A_&&... a) { return s.init",
            name, "(std::forward<A_>(a)...); }\n");
    const auto companion = [&](const char* prefix) {
        out += Cat("    template <typename S_> static bool get", prefix, "(S_&& s) { return s.get", prefix, name,
                   "(); }\n    template <typename S_> static void set", prefix, "(S_&& s) { s.set", prefix, name,
                   "(true); }\n");
    };
    if (field.requested) companion("Want");
    if (field.optional) companion("Has");
    return out + "};\n";
}

std::string FieldClasses(const Module& module, const CppNames& names)
{
    std::string out;
    for (const auto& [name, field] : AccessorFields(module)) out += FieldClass(name, field);
    return out.empty() ? ""
                       : Cat("//! How to get at fields, by name.\nnamespace ", FieldsNamespace(names), " {\n", out,
                             "} // namespace ", FieldsNamespace(names), "\n\n");
}

//! "template <typename T> struct ProxyStruct<::ns::S<T>>"
std::string StructHead(const Module& module, const Node& node)
{
    std::vector<std::string> params;
    for (const std::string& param : node.type_params) params.push_back("typename " + param);
    return Cat("template <", Join(params, ", "), ">\nstruct ProxyStruct<", CxxClass(module, node),
               node.type_params.empty() ? "" : Cat("<", Join(node.type_params, ", "), ">"), ">\n");
}

std::string StructClass(const Module& module, const CppNames& names, const Node& node)
{
    std::string aliases;
    std::vector<std::string> accessors;
    const std::vector<BoundField> bound = BindStruct(node);
    for (const Field& field : node.fields) {
        BoundField accessor;
        accessor.params = accessor.results = &field;
        accessor.boxed = field.group_id == 0 && IsPointer(field.type);
        bool member = false;
        for (const BoundField& candidate : bound) {
            if (candidate.params != &field) continue;
            accessor.optional = candidate.optional;
            member = !candidate.skip;
        }
        const std::string alias = Capitalized(field.name) + "Accessor";
        aliases += Cat("    using ", alias, " = ", CppAccessor(names, accessor), ";\n");
        if (member) accessors.push_back(alias);
    }
    const std::string args = node.type_params.empty() ? "" : Cat("<", Join(node.type_params, ", "), ">");
    return Cat(DocComment(node.doc, ""), StructHead(module, node), "{\n    using Struct = ", CxxClass(module, node),
               args, ";\n", aliases, "    using Accessors = std::tuple<", Join(accessors, ", "),
               ">;\n    static constexpr size_t fields = ", accessors.size(), ";\n};\n\n");
}

std::string MethodClass(const Module& module, const BoundMethod& method)
{
    if (method.role != Role::Method) return "";
    const std::string name = method.method->annotations.name.value_or(SafeName(CxxName(*method.method)));
    return Cat("template <>\nstruct ProxyMethod<", CxxParams(module, *method.interface, *method.method),
               ">\n{\n    static constexpr auto impl = &", *method.interface->annotations.wrap, "::", name, ";\n};\n");
}

std::string ClientMethod(const Module& module, const BoundMethod& method)
{
    const std::string params = CxxParams(module, *method.interface, *method.method);
    const std::string name = SafeName(CxxName(*method.method));
    if (method.role != Role::Method) return Cat("    static void ", name, "(Super& super);\n");
    const std::string head = Cat("    MethodResult<", params, "> ", name, "(", CppParamList(method, params), ")");
    const std::string tail = Cat(" noexcept(NoexceptMethod<", params, ">)");
    std::vector<std::string> args;
    for (const BoundField& field : method.arguments) {
        int index = field.first;
        for (const std::string& arg : CppParamNames(field)) {
            args.push_back(Cat("std::forward<MethodParam<", params, ", ", index++, ">>(", arg, ")"));
        }
    }
    // The second overrides methods that are const.
    return Cat(DocComment(method.method->doc, "    "), head, tail, ";\n", head, " const", tail,
               "\n    {\n        return const_cast<ProxyClient*>(this)->", name, "(", Join(args, ", "), ");\n    }\n");
}

std::string ClientClass(const Module& module, const Node& interface)
{
    const std::string name = CxxClass(module, interface);
    std::string methods;
    for (const BoundMethod& method : BindAll(module, interface)) methods += ClientMethod(module, method);
    return Cat(DocComment(interface.doc, ""), "template <>\nstruct ProxyClient<", name,
               "> final : public ProxyClientCustom<", name, ", ", *interface.annotations.wrap, ">\n{\n",
               "    using ProxyClientCustom::ProxyClientCustom;\n    ~ProxyClient();\n", methods, "};\n\n");
}

std::string ServerClass(const Module& module, const Node& interface)
{
    const std::string name = CxxClass(module, interface);
    std::string methods;
    for (const BoundMethod& method : BindAll(module, interface)) {
        const std::string& cxx_name = CxxName(*method.method);
        methods += Cat("    ::kj::Promise<void> ", SafeName(cxx_name), "(", Capitalized(cxx_name),
                       "Context call_context) override;\n");
    }
    return Cat("template <>\nstruct ProxyServer<", name, "> : public ProxyServerCustom<", name, ", ",
               *interface.annotations.wrap, ">\n{\n",
               "    using ProxyServerCustom::ProxyServerCustom;\n    ~ProxyServer();\n", methods, "};\n\n");
}

std::string InterfaceType(const Module& module, const Node& interface)
{
    const std::string& wrap = *interface.annotations.wrap;
    if (wrap.find('<') != std::string::npos) return "";
    return Cat("template <>\nstruct ProxyType<", wrap, ">\n{\n    using Type = ", wrap,
               ";\n    using Message = ", CxxClass(module, interface), ";\n    using Client = ProxyClient<Message>;\n",
               "    using Server = ProxyServer<Message>;\n};\n\n");
}

} // namespace

std::string PrintCppHeader(const Module& module, const CppNames& names)
{
    const std::vector<const Node*> interfaces = WrappedInterfaces(module);
    std::string body = FieldClasses(module, names);
    for (const Node* node : Structs(module)) body += StructClass(module, names, *node);
    for (const Node* interface : interfaces) {
        for (const Method& method : interface->methods) body += MethodClass(module, Bind(module, *interface, method));
    }
    body += "\n";
    for (const Node* interface : interfaces) {
        body += ClientClass(module, *interface) + ServerClass(module, *interface) + InterfaceType(module, *interface);
    }
    // Whether a client's methods override virtual ones depends on the wrapped class.
    const std::string pragma = "#if defined(__GNUC__)\n#pragma GCC diagnostic push\n"
                               "#pragma GCC diagnostic ignored \"-Wsuggest-override\"\n#endif\n";
    return Guarded(names, "PROXY_H",
                   Cat(Includes(module, names), pragma, "namespace mp {\n\n", body, "} // namespace mp\n",
                       "#if defined(__GNUC__)\n#pragma GCC diagnostic pop\n#endif\n"));
}

} // namespace mp::gen
