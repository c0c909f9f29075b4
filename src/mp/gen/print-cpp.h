#ifndef MP_GEN_PRINT_CPP_H
#define MP_GEN_PRINT_CPP_H

#include "bind.h"

// The C++ back end. Printing is a function from the model to text; the model has passed Check().
namespace mp::gen {

//! What generated files say of themselves and of each other.
struct CppNames
{
    //! In the first line.
    std::string source;
    //! Output path: "dir/foo.capnp".
    std::string output;
    //! In #include lines: "dir/foo.capnp".
    std::string include;
    //! The file's id, since programs may have several files of one output path, from different directories.
    uint64_t id{0};
};

std::string PrintCppHeader(const Module& module, const CppNames& names); //!< foo.capnp.proxy.h
std::string PrintCppTypes(const Module& module, const CppNames& names);  //!< foo.capnp.proxy-types.h
std::string PrintCppClient(const Module& module, const CppNames& names); //!< foo.capnp.proxy-client.c++
std::string PrintCppServer(const Module& module, const CppNames& names); //!< foo.capnp.proxy-server.c++
std::string PrintCppSource(const CppNames& names);                       //!< foo.capnp.proxy-types.c++

// Parts that several files share

std::string FirstLines(const CppNames& names);
//! Body between include guard lines.
std::string Guarded(const CppNames& names, const char* suffix, const std::string& body);
//! Part of names, one for each file of a program: "dir_foo_capnp_d2f1a6c0e4b83957".
std::string UniqueName(const CppNames& names);
//! Namespaces, inside mp, of the file's accessors, and of what is checked of its wrapped classes.
std::string FieldsNamespace(const CppNames& names);
std::string ChecksNamespace(const CppNames& names);
//! A template of assertions about a wrapped class, "C_", and its use; nothing without assertions.
std::string CppChecks(const CppNames& names, const Node& node, const std::string& assertions);
//! The accessor class of a method's field.
std::string CppAccessor(const CppNames& names, const BoundField& field);
//! Name of the accessor inside a function, "FooField", and the lines that declare those of a method's fields, and
//! "Params".
std::string CppFieldName(const BoundField& field);
std::string CppAliases(const Module& module, const CppNames& names, const BoundMethod& method, bool with_context);
//! "TypeList<MethodParam<Params, 1>, ...>" of the C++ arguments that a field stands for.
std::string CppParamTypes(const BoundField& field);
//! An assertion that a method's field can be converted, as one line, a block.
std::string CppMapped(const BoundMethod& method, const BoundField& field, const std::string& condition,
                      std::string_view indent);
//! Names of the C++ arguments that a field stands for.
std::vector<std::string> CppParamNames(const BoundField& field);
//! "MethodParam<Params, 0> a, MethodParam<Params, 1> b"
std::string CppParamList(const BoundMethod& method, const std::string& params);
//! Class of the context that a server's method gets from Cap'n Proto.
std::string CppCallContext(const Module& module, const Node& interface, const BoundMethod& method);
//! Name of a method in free functions and constants: "Outer_Inner_method", "Derived_from_Base_method".
std::string CppFlatName(const Node& interface, const BoundMethod& method);
//! Namespace, inside mp, of what one source file keeps for itself; no two files of a program share it, so that they can be
//! compiled as one.
std::string CppLocalNamespace(const CppNames& names, const char* part);
//! Text inside that namespace.
std::string CppLocal(const CppNames& names, const char* part, const std::string& text);
//! The constant that describes a method to the runtime.
std::string CppMethodInfo(const Module& module, const Node& interface, const BoundMethod& method);

} // namespace mp::gen

#endif // MP_GEN_PRINT_CPP_H
