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
        all.boxed = all.boxed || field.boxed;
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
    if (field.boxed) {
        out += Cat("    template <typename S_, typename O_> static auto adopt(S_&& s, O_&& o) -> decltype(s.adopt", name,
                   "(std::forward<O_>(o))) { return s.adopt", name, "(std::forward<O_>(o)); }\n");
    }
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

//! The struct's class, for a generic one with arguments "<T1, T2>"; the schema's names could hide others here.
std::string StructName(const Module& module, const Node& node)
{
    std::vector<std::string> args;
    for (size_t i = 1; i <= node.type_params.size(); ++i) args.push_back(Cat("T", i));
    return CxxClass(module, node) + (args.empty() ? "" : Cat("<", Join(args, ", "), ">"));
}

//! "template <typename T1> struct ProxyStruct<::ns::S<T1>>"
std::string StructHead(const Module& module, const Node& node)
{
    std::vector<std::string> params;
    for (size_t i = 1; i <= node.type_params.size(); ++i) params.push_back(Cat("typename T", i));
    return Cat("template <", Join(params, ", "), ">\nstruct ProxyStruct<", StructName(module, node), ">\n");
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
    return Cat(DocComment(node.doc, ""), StructHead(module, node), "{\n    using Struct = ", StructName(module, node),
               ";\n", aliases, "    using Accessors = std::tuple<", Join(accessors, ", "),
               ">;\n    static constexpr size_t fields = ", accessors.size(), ";\n};\n\n");
}

//! Name of the C++ method that the server calls.
std::string CppMethodName(const Method& method) { return method.annotations.name.value_or(SafeName(CxxName(method))); }

std::string MethodClass(const Module& module, const BoundMethod& method)
{
    if (method.role != Role::Method) return "";
    return Cat("template <>\nstruct ProxyMethod<", CxxParams(module, *method.interface, *method.method),
               ">\n{\n    static constexpr auto impl = &", *method.interface->annotations.wrap,
               "::", CppMethodName(*method.method), ";\n};\n");
}

//! What the wrapped class must have, told in the schema's words before the compiler stumbles over it.
std::string ClassChecks(const CppNames& names, const Module& module, const Node& interface)
{
    const std::string& wrap = *interface.annotations.wrap;
    std::string assertions;
    for (const Superclass& superclass : interface.superclasses) {
        const Node& base = module.nodes.at(superclass.id);
        const std::string& base_wrap = *base.annotations.wrap;
        assertions += Cat("    static_assert(std::is_convertible_v<C_*, ", base_wrap, "*>,\n                  ",
                          Quoted(Cat(interface.path, " extends ", base.path, ": ", wrap,
                                     " must be derived, publicly and once, from ", base_wrap)),
                          ");\n");
    }
    for (const Method& method : interface.methods) {
        if (Bind(module, interface, method).role != Role::Method) continue;
        const std::string name = CppMethodName(method);
        assertions +=
            Cat("    static_assert(requires { requires IsMethod<decltype(&C_::", name, ")>; },\n                  ",
                Quoted(Cat(interface.path, ".", method.name, ": ", wrap, " has no method ", name,
                           " that is public, neither static nor overloaded")),
                ");\n");
    }
    return CppChecks(names, interface, assertions);
}

//! What the wrapped class's method must be like.
std::string MethodChecks(const Module& module, const BoundMethod& method)
{
    if (method.role != Role::Method) return "";
    const std::string params = CxxParams(module, *method.interface, *method.method);
    const std::string title = Cat(method.interface->path, ".", method.method->name);
    return Cat(
        "static_assert(MethodArity<", params, "> == ", method.arity, ",\n              ",
        Quoted(Cat(title, ": the schema's method has ", method.arity,
                   method.arity == 1 ? " C++ parameter" : " C++ parameters", ", the C++ method has another number")),
        ");\nstatic_assert(", method.result ? "!" : "", "std::is_void_v<MethodResult<", params, ">>,\n              ",
        Quoted(title + (method.result ? ": the schema has a result, the C++ method returns nothing"
                                      : ": the C++ method returns a value, the schema has no result")),
        ");\n");
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
    for (const BoundMethod& method : BindClient(module, interface)) methods += ClientMethod(module, method);
    return Cat(DocComment(interface.doc, ""), "template <>\nstruct ProxyClient<", name,
               "> final : public ProxyClientCustom<", name, ", ", *interface.annotations.wrap, ">\n{\n",
               "    using ProxyClientCustom::ProxyClientCustom;\n    ~ProxyClient();\n", methods, "};\n\n");
}

std::string ServerClass(const Module& module, const Node& interface)
{
    const std::string name = CxxClass(module, interface);
    std::string methods;
    for (const BoundMethod& method : BindAll(module, interface)) {
        methods += Cat("    ::kj::Promise<void> ", SafeName(CxxName(*method.method)), "(",
                       CppCallContext(module, interface, method), " call_context) override;\n");
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
        body += ClassChecks(names, module, *interface);
        std::string checks;
        for (const Method& method : interface->methods) {
            const BoundMethod bound = Bind(module, *interface, method);
            body += MethodClass(module, bound);
            checks += MethodChecks(module, bound);
        }
        body += checks + "\n";
    }
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
