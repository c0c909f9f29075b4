#include "names.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace mp::gen {
namespace {

//! Those that capnpc-c++ renames; sorted.
constexpr std::array<std::string_view, 84> KEYWORDS = {
    "alignas",   "alignof",  "and",      "and_eq",    "asm",          "auto",          "bitand",
    "bitor",     "bool",     "break",    "case",      "catch",        "char",          "char16_t",
    "char32_t",  "class",    "compl",    "const",     "const_cast",   "constexpr",     "continue",
    "decltype",  "default",  "delete",   "do",        "double",       "dynamic_cast",  "else",
    "enum",      "explicit", "export",   "extern",    "false",        "float",         "for",
    "friend",    "goto",     "if",       "inline",    "int",          "long",          "mutable",
    "namespace", "new",      "noexcept", "not",       "not_eq",       "nullptr",       "operator",
    "or",        "or_eq",    "private",  "protected", "public",       "register",      "reinterpret_cast",
    "return",    "short",    "signed",   "sizeof",    "static",       "static_assert", "static_cast",
    "struct",    "switch",   "template", "this",      "thread_local", "throw",         "true",
    "try",       "typedef",  "typeid",   "typename",  "union",        "unsigned",      "using",
    "virtual",   "void",     "volatile", "wchar_t",   "while",        "xor",           "xor_eq"};

static_assert(std::is_sorted(KEYWORDS.begin(), KEYWORDS.end()));

//! Not renamed by capnpc-c++, which is older than they are.
constexpr std::array<std::string_view, 8> NEW_KEYWORDS = {"char8_t", "co_await",  "co_return", "co_yield",
                                                          "concept", "consteval", "constinit", "requires"};

bool IsKeyword(std::string_view name) { return std::binary_search(KEYWORDS.begin(), KEYWORDS.end(), name); }
bool IsNewKeyword(std::string_view name)
{
    return std::find(NEW_KEYWORDS.begin(), NEW_KEYWORDS.end(), name) != NEW_KEYWORDS.end();
}

bool IsAlpha(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }
bool IsAlnum(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

std::string CxxList(const Module& module, const Node& interface, const Method& method, uint64_t id, const char* suffix)
{
    const Node* list = module.find(id);
    if (list != nullptr && !list->implicit) return CxxClass(module, *list);
    return CxxClass(module, interface) + "::" + Capitalized(CxxName(method)) + suffix;
}

} // namespace

std::string Capitalized(const std::string& name)
{
    std::string out = name;
    if (!out.empty() && out[0] >= 'a' && out[0] <= 'z') out[0] = static_cast<char>(out[0] - 'a' + 'A');
    return out;
}

std::string SafeName(const std::string& name) { return IsKeyword(name) ? name + "_" : name; }

std::string LocalName(const std::string& name) { return IsNewKeyword(name) ? name + "_" : SafeName(name); }

std::string PathName(const std::string& path)
{
    std::string out;
    for (const char c : path) {
        if (IsAlnum(c)) {
            out += c;
        } else if (!out.empty() && out.back() != '_') {
            out += '_';
        }
    }
    return out;
}

bool IsIdentifier(const std::string& text)
{
    if (text.empty() || (!IsAlpha(text[0]) && text[0] != '_')) return false;
    if (!std::all_of(text.begin(), text.end(), [](char c) { return IsAlnum(c) || c == '_'; })) return false;
    return !IsKeyword(text) && !IsNewKeyword(text);
}

std::string CxxClass(const Module& module, const Node& node)
{
    const Node* scope = module.find(node.scope_id);
    if (scope == nullptr || scope->kind == NodeKind::File) {
        std::string name_space;
        if (scope != nullptr) name_space = scope->annotations.cxx_namespace.value_or("");
        return (name_space.empty() ? "" : "::" + name_space) + "::" + CxxName(node);
    }
    const std::string& name = CxxName(node);
    return CxxClass(module, *scope) + "::" + (node.is_group ? Capitalized(name) : name);
}

std::string CxxParams(const Module& module, const Node& interface, const Method& method)
{
    return CxxList(module, interface, method, method.params_id, "Params");
}

std::string CxxResults(const Module& module, const Node& interface, const Method& method)
{
    return CxxList(module, interface, method, method.results_id, "Results");
}

} // namespace mp::gen
