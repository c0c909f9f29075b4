#ifndef MP_GEN_TEXT_H
#define MP_GEN_TEXT_H

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace mp::gen {

namespace detail {
inline void Append(std::string& out, std::string_view part) { out.append(part); }
inline void Append(std::string& out, char part) { out.push_back(part); }
template <typename Number>
    requires std::is_integral_v<Number>
void Append(std::string& out, Number part) { out.append(std::to_string(part)); }
} // namespace detail

//! The arguments (strings, characters, numbers) one after another.
template <typename... Parts>
std::string Cat(const Parts&... parts)
{
    std::string out;
    (detail::Append(out, parts), ...);
    return out;
}

inline std::string Join(const std::vector<std::string>& parts, std::string_view separator)
{
    std::string out;
    for (size_t i = 0; i < parts.size(); ++i) {
        if (i > 0) out += separator;
        out += parts[i];
    }
    return out;
}

//! 16 digits.
inline std::string Hex(uint64_t number)
{
    std::string out(16, '0');
    for (auto digit = out.rbegin(); number != 0; ++digit, number >>= 4) *digit = "0123456789abcdef"[number & 15];
    return out;
}

//! A doc comment as comment lines, each led by the indent; nothing for an empty one.
inline std::string DocComment(const std::string& doc, std::string_view indent)
{
    std::string out;
    for (size_t begin = 0; begin < doc.size();) {
        size_t end = doc.find('\n', begin);
        if (end == std::string::npos) end = doc.size();
        std::string_view line(doc.data() + begin, end - begin);
        // A backslash at the end would carry the comment on into the code.
        while (!line.empty() && (line.back() == '\\' || line.back() == ' ')) line.remove_suffix(1);
        out += Cat(indent, line.empty() ? "//!" : "//! ", line, '\n');
        begin = end + 1;
    }
    return out;
}

//! A string as a C or C++ literal, quotes included.
inline std::string Quoted(std::string_view text)
{
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + "\"";
}

} // namespace mp::gen

#endif // MP_GEN_TEXT_H
