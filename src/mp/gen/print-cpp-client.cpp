#include "print-cpp.h"

#include "names.h"
#include "text.h"

// foo.capnp.proxy-client.c++: methods of the clients. Local names contain underscores, which names in schemas can't.

namespace mp::gen {
namespace {

//! One parameter into the request.
std::string BuildLine(const BoundMethod& method, const BoundField& field)
{
    const std::string accessor = CppFieldName(field);
    std::string out;
    if (field.requested && field.count == 1) {
        out += Cat("            BuildWant<", accessor, ">(mp_params, ", CppParamNames(field)[0], ");\n");
    }
    if (field.params == nullptr) return out;
    out += CppMapped(method, field, Cat("MappedParam<", accessor, ", Params, ", CppParamTypes(field), ">"),
                     "            ");
    std::string args;
    int index = field.first;
    for (const std::string& name : CppParamNames(field)) {
        args += Cat(", std::forward<MethodParam<Params, ", index++, ">>(", name, ")");
    }
    return Cat(out, "            BuildParam(", CppParamTypes(field), "(), mp_context, Make<StructField, ", accessor,
               ">(mp_params)", args, ");\n");
}

std::string BuildLambda(const BoundMethod& method)
{
    std::string lines;
    for (const BoundField& field : method.arguments) lines += BuildLine(method, field);
    if (lines.empty()) {
        return "        [](ClientInvokeContext&, ::capnp::AnyPointer::Builder mp_message) { "
               "mp_message.initAs<Params>(); }";
    }
    // Nothing is built of what the caller only wants.
    const bool used = lines.find("mp_context") != std::string::npos;
    return Cat("        [&](ClientInvokeContext&", used ? " mp_context" : "",
               ", ::capnp::AnyPointer::Builder mp_message) {\n",
               "            auto mp_params = mp_message.initAs<Params>();\n", lines, "        }");
}

//! One result out of the answer.
std::string ReadLine(const BoundMethod& method, const BoundField& field)
{
    std::string args;
    for (const std::string& name : CppParamNames(field)) args += ", " + name;
    return Cat(CppMapped(method, field,
                         Cat("MappedOutput<", CppFieldName(field), ", Results, ", CppParamTypes(field), ">"),
                         "            "),
               "            ReadOutput<", CppFieldName(field), ">(", CppParamTypes(field), "(), mp_context, mp_results",
               args, ");\n");
}

std::string ReadLambda(const Module& module, const BoundMethod& method)
{
    std::string lines;
    // If it threw, the other fields have no meaning.
    for (const BoundField& field : method.exceptions) {
        lines += Cat("            ThrowIfSet<", CppFieldName(field), ">(TypeList<",
                     *field.results->annotations.exception, ">(), mp_context, mp_results);\n");
    }
    for (const BoundField& field : method.arguments) {
        if (field.results != nullptr) lines += ReadLine(method, field);
    }
    if (method.result) {
        const std::string accessor = CppFieldName(*method.result);
        lines += Cat(CppMapped(method, *method.result,
                               Cat("ClientResult<MethodResult<Params>>::mapped<", accessor, ", Results::Reader>"),
                               "            "),
                     "            mp_result.read<", accessor, ">(mp_context, mp_results);\n");
    }
    if (lines.empty()) return "        [](ClientInvokeContext&, ::capnp::AnyPointer::Reader) {}";
    return Cat("        [&](ClientInvokeContext& mp_context, ::capnp::AnyPointer::Reader mp_message) {\n",
               "            using Results = ", CxxResults(module, *method.interface, *method.method),
               ";\n            auto mp_results = mp_message.getAs<Results>();\n", lines, "        }");
}

std::string CallText(const Module& module, const CppNames& names, const Node& interface, const BoundMethod& method,
                     const std::string& object, const std::string& is_noexcept)
{
    return Cat("    CallRemote<", is_noexcept, ">(", object, "m_context, ", object, "m_client, ",
               CppLocalNamespace(names, "client"), "::INFO_", CppFlatName(interface, method), ",\n",
               BuildLambda(method), ",\n", ReadLambda(module, method), ");\n");
}

//! construct or destroy.
std::string SpecialMethod(const Module& module, const CppNames& names, const Node& interface, const BoundMethod& method)
{
    return Cat("void ProxyClient<", CxxClass(module, interface), ">::", SafeName(CxxName(*method.method)),
               "(Super& super)\n{\n", CppAliases(module, names, method, true),
               CallText(module, names, interface, method, "super.", "false"), "}\n\n");
}

std::string ClientMethod(const Module& module, const CppNames& names, const Node& interface, const BoundMethod& method)
{
    if (method.role != Role::Method) return SpecialMethod(module, names, interface, method);
    const std::string params = CxxParams(module, *method.interface, *method.method);
    const std::string head =
        Cat("MethodResult<", params, "> ProxyClient<", CxxClass(module, interface),
            ">::", SafeName(CxxName(*method.method)), "(", CppParamList(method, params), ") noexcept(NoexceptMethod<",
            params, ">)\n{\n", CppAliases(module, names, method, true));
    const std::string title = Cat(method.interface->path, ".", method.method->name);
    const std::string check =
        !method.result ? ""
                       : Cat("    static_assert(ReturnsOnFailure<Params>, ",
                             Quoted(title + ": the C++ method is noexcept, but its result has no default value for a "
                                            "call that fails"),
                             ");\n");
    return Cat(head, check, "    ClientResult<MethodResult<Params>> mp_result;\n",
               CallText(module, names, interface, method, "", "NoexceptMethod<Params>"),
               "    return mp_result.take();\n}\n\n");
}

std::string Client(const Module& module, const CppNames& names, const Node& interface)
{
    const std::string name = CxxClass(module, interface);
    const std::vector<BoundMethod> methods = BindClient(module, interface);
    std::string infos;
    std::string definitions;
    for (const BoundMethod& method : methods) {
        infos += CppMethodInfo(module, interface, method);
        definitions += ClientMethod(module, names, interface, method);
    }
    const std::string& wrap = *interface.annotations.wrap;
    if (wrap.find('<') == std::string::npos) {
        infos += Cat("const ProxyTypeRegister REGISTER_", PathName(interface.path), "{TypeList<", wrap, ">()};\n");
    }
    return Cat(CppLocal(names, "client", infos), "ProxyClient<", name, ">::~ProxyClient() = default;\n\n", definitions);
}

} // namespace

std::string PrintCppClient(const Module& module, const CppNames& names)
{
    if (WrappedInterfaces(module).empty()) return FirstLines(names) + "// There are no wrapped interfaces.\n";
    std::string body;
    for (const Node* interface : WrappedInterfaces(module)) body += Client(module, names, *interface);
    return Cat(FirstLines(names), "#include <", names.include, ".h>\n#include <", names.include,
               ".proxy.h>\n#include <", names.include,
               ".proxy-types.h>\n#include <mp/proxy-types.h>\n\nnamespace mp {\n\n", body, "} // namespace mp\n");
}

} // namespace mp::gen
