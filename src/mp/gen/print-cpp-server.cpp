#include "print-cpp.h"

#include "names.h"
#include "text.h"

// foo.capnp.proxy-server.c++: methods of the servers. Local names contain underscores, which names in schemas can't.

namespace mp::gen {
namespace {

//! Arguments that the server reads and passes on: the Context is the runtime's.
std::vector<const BoundField*> ServedFields(const BoundMethod& method)
{
    std::vector<const BoundField*> out;
    for (const BoundField& field : method.arguments) {
        if (!field.context) out.push_back(&field);
    }
    return out;
}

//! An assertion that a value can be built into a field of the results.
std::string MappedResult(const BoundMethod& method, const BoundField& field, const std::string& types,
                         std::string_view indent)
{
    return CppMapped(method, field, Cat("MappedResult<", CppFieldName(field), ", Context, ", types, ">"), indent);
}

//! The result built from a value.
std::string BuildLines(const BoundMethod& method, const std::string& type, const std::string& value)
{
    if (!method.result) return "";
    return Cat(MappedResult(method, *method.result, Cat(type, "&&, ", type), "        "), "        BuildResult<",
               CppFieldName(*method.result), ">(mp_context, ", value, ");\n");
}

//! The C++ call, with what is caught around it and the result; returns whether the method returned.
std::string CallLines(const BoundMethod& method)
{
    const std::string invoke = "Call::invoke(mp_context, std::forward<decltype(mp_args)>(mp_args)...)";
    if (method.exceptions.empty()) {
        if (!method.result) return Cat("        ", invoke, ";\n        mp_release();\n");
        return Cat("        auto&& mp_result = ", invoke, ";\n        mp_release();\n",
                   BuildLines(method, "decltype(mp_result)", "std::forward<decltype(mp_result)>(mp_result)"));
    }
    std::string catches;
    // The field declared last is the first to be tried.
    for (auto field = method.exceptions.rbegin(); field != method.exceptions.rend(); ++field) {
        const std::string& type = *field->results->annotations.exception;
        catches += Cat(" catch (const ", type, "& mp_error) {\n            mp_release();\n",
                       MappedResult(method, *field, Cat(type, ", const ", type, "&"), "            "),
                       "            BuildException<", CppFieldName(*field), ">(TypeList<", type,
                       ">(), mp_context, mp_error);\n            return false;\n        }");
    }
    return Cat("        using Result = decltype(", invoke,
               ");\n        ServerResult<Result> mp_result;\n        try {\n",
               "            mp_result.set([&]() -> decltype(auto) { return ", invoke, "; });\n        }", catches,
               "\n        mp_release();\n", BuildLines(method, "Result", "mp_result.take()"));
}

//! Each parameter read into a holder, then the call, then the outputs.
std::string StraightLines(const BoundMethod& method, const std::vector<const BoundField*>& fields)
{
    std::string holders;
    std::string releases;
    std::string args;
    std::string builds;
    std::string checks;
    for (size_t i = 0; i < fields.size(); ++i) {
        const std::string name = LocalName(fields[i]->name);
        checks += CppMapped(method, *fields[i], Cat("Call::template Param<", i, ">::mapped"), "        ");
        holders += Cat("        typename Call::template Param<", i, "> ", name, "(mp_context);\n");
        releases += Cat(" ", name, ".release();");
        if (fields[i]->count != 0) args += Cat(", ", name, ".pass()");
        if (fields[i]->results != nullptr) builds += Cat(" ", name, ".build(mp_context);");
    }
    const std::string call = Cat("mp_call([&] {", releases, releases.empty() ? "" : " ", "}", args, ")");
    if (builds.empty()) return Cat(checks, holders, "        ", call, ";\n");
    return Cat(checks, holders, "        if (", call, ") {\n            mp_context.buildResults([&] {", builds,
               " });\n        }\n");
}

std::string ServedTypes(const std::vector<const BoundField*>& fields)
{
    std::string out;
    for (const BoundField* field : fields) {
        out += Cat(", ServerField<", CppFieldName(*field), ", ", CppParamTypes(*field), ">");
    }
    return out;
}

std::string MethodBody(const Module& module, const CppNames& names, const Node& interface, const BoundMethod& method)
{
    const std::string check = Cat("    if (!mp_context.proxy_server.m_impl) ThrowServerDestroyed(INFO_",
                                  CppFlatName(interface, method), ");\n");
    if (method.role == Role::Destroy) return Cat(check, "    mp_context.proxy_server.invokeDestroy();\n");
    const std::vector<const BoundField*> fields = ServedFields(method);
    std::string out = CppAliases(module, names, method, false);
    out += Cat("    using Call = ServerCall<Context, Params", ServedTypes(fields), ">;\n");
    if (method.role == Role::Method) out += check;
    out += Cat("    const auto mp_call = [&](const auto& mp_release, auto&&... mp_args) {\n", CallLines(method),
               "        return true;\n    };\n");
    if (fields.empty()) return Cat(out, "    mp_call([] {});\n");
    return Cat(out, "    if constexpr (Call::hooked) {\n        Call::pass(mp_context, mp_call);\n    } else {\n",
               StraightLines(method, fields), "    }\n");
}

std::string RunFunction(const Module& module, const CppNames& names, const Node& interface, const BoundMethod& method)
{
    return Cat("template <typename Context>\nvoid Run_", CppFlatName(interface, method), "(Context& mp_context)\n{\n",
               MethodBody(module, names, interface, method), "}\n\n");
}

std::string ServerMethod(const Module& module, const CppNames& names, const Node& interface, const BoundMethod& method)
{
    const std::string name = CxxClass(module, interface);
    const BoundField* context = method.context();
    const bool pool = method.method->annotations.pool;
    const std::string local = CppLocalNamespace(names, "server") + "::";
    return Cat("::kj::Promise<void> ProxyServer<", name, ">::", SafeName(CxxName(*method.method)), "(",
               CppCallContext(module, interface, method), " call_context)\n{\n    using Context = ServerContext<", name,
               ", ", CxxParams(module, *method.interface, *method.method), ", ",
               CxxResults(module, *method.interface, *method.method), ">;\n    return ServeRequest<&", local, "Run_",
               CppFlatName(interface, method), "<Context>, ",
               context != nullptr ? CppAccessor(names, *context) : pool ? "PoolContext" : "void", ">(*this, call_context, ", local, "INFO_",
               CppFlatName(interface, method), ");\n}\n\n");
}

std::string Server(const Module& module, const CppNames& names, const Node& interface)
{
    std::string infos;
    std::string functions;
    std::string definitions;
    for (const BoundMethod& method : BindAll(module, interface)) {
        infos += CppMethodInfo(module, interface, method);
        functions += RunFunction(module, names, interface, method);
        definitions += ServerMethod(module, names, interface, method);
    }
    if (!infos.empty()) infos += "\n";
    return Cat(CppLocal(names, "server", infos + functions), "ProxyServer<", CxxClass(module, interface),
               ">::~ProxyServer() = default;\n\n", definitions);
}

//! GCC takes the empty std::optional of a parameter for an uninitialized one. Declared exceptions are tried in the
//! schema's order, which may be one that never reaches the last.
constexpr std::string_view NO_FALSE_ALARM = "#if defined(__GNUC__)\n"
                                            "#if !defined(__clang__)\n"
                                            "#pragma GCC diagnostic ignored \"-Wmaybe-uninitialized\"\n"
                                            "#endif\n"
                                            "#pragma GCC diagnostic ignored \"-Wexceptions\"\n"
                                            "#endif\n\n";

} // namespace

std::string PrintCppServer(const Module& module, const CppNames& names)
{
    if (WrappedInterfaces(module).empty()) return FirstLines(names) + "// There are no wrapped interfaces.\n";
    std::string body;
    for (const Node* interface : WrappedInterfaces(module)) body += Server(module, names, *interface);
    return Cat(FirstLines(names), NO_FALSE_ALARM, "#include <", names.include, ".proxy.h>\n#include <", names.include,
               ".proxy-types.h>\n#include <mp/proxy-types.h>\n\nnamespace mp {\n\n", body, "} // namespace mp\n");
}

} // namespace mp::gen
