#ifndef MP_GEN_NAMES_H
#define MP_GEN_NAMES_H

#include "model.h"

namespace mp::gen {

//! "fooBar" to "FooBar".
std::string Capitalized(const std::string& name);

//! The name, with an underscore behind it where C++ has it as a keyword: as capnpc-c++ does.
std::string SafeName(const std::string& name);

//! The name of a local variable: as SafeName, also for keywords that are newer than capnpc-c++.
std::string LocalName(const std::string& name);

//! A file path as part of a macro or namespace name: letters, digits and single underscores.
std::string PathName(const std::string& path);

//! Whether text can name a member: an identifier and no keyword.
bool IsIdentifier(const std::string& text);

//! The name that a declaration has in capnpc-c++'s code: $Cxx.name, or its own.
template <typename Declaration>
const std::string& CxxName(const Declaration& declaration)
{
    return declaration.annotations.cxx_name ? *declaration.annotations.cxx_name : declaration.name;
}

//! Full name of a node's class in capnpc-c++'s code, as "::ns::Outer::Inner", without template arguments.
std::string CxxClass(const Module& module, const Node& node);

//! Full name of the class of a method's parameters or results.
std::string CxxParams(const Module& module, const Node& interface, const Method& method);
std::string CxxResults(const Module& module, const Node& interface, const Method& method);

} // namespace mp::gen

#endif // MP_GEN_NAMES_H
