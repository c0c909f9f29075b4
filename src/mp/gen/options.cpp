#include "options.h"

#include "error.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace mp::gen {
namespace {

namespace fs = std::filesystem;

bool IsDirectory(const std::string& path)
{
    std::error_code error;
    return fs::is_directory(path, error);
}

//! Without "." parts and without a slash at the end.
fs::path Normal(const std::string& path)
{
    fs::path normal = fs::path(path).lexically_normal();
    return normal.has_filename() ? normal : normal.parent_path();
}

//! The file without the prefix in front; "." is no prefix.
std::string StripPrefix(const std::string& file, const std::string& prefix, const char* name)
{
    if (prefix == ".") return Normal(file).generic_string();
    const fs::path file_path = Normal(file);
    const fs::path prefix_path = Normal(prefix);
    const auto [end, rest] = std::mismatch(prefix_path.begin(), prefix_path.end(), file_path.begin(), file_path.end());
    if (end != prefix_path.end() || rest == file_path.end()) {
        throw Error(std::string(name) + " is not src_file prefix: " + prefix + ", " + file);
    }
    fs::path stripped;
    for (auto it = rest; it != file_path.end(); ++it) stripped /= *it;
    return stripped.generic_string();
}

} // namespace

const char* const USAGE = "Usage: mpgen SRC_PREFIX INCLUDE_PREFIX SRC_FILE [IMPORT_PATH...]";

Options ParseOptions(const std::vector<std::string>& args, const std::vector<std::string>& standard_imports)
{
    Options options;
    options.src_prefix = args.at(0);
    options.src_file = args.at(2);
    if (!IsDirectory(options.src_prefix)) {
        throw Error("Failed to open src_prefix prefix directory: " + options.src_prefix);
    }
    options.output = StripPrefix(options.src_file, options.src_prefix, "src_prefix");
    options.include = StripPrefix(options.src_file, args.at(1), "include_prefix");

    errno = 0;
    if (IsDirectory(options.src_file) || !std::ifstream(options.src_file)) {
        throw Error("Failed to open src_file: " + options.src_file +
                    (errno != 0 ? std::string(": ") + strerror(errno) : ""));
    }
    for (size_t i = 3; i < args.size(); ++i) {
        if (!IsDirectory(args[i])) throw Error("Failed to open import directory: " + args[i]);
        options.import_paths.push_back(args[i]);
    }
    for (const std::string& path : standard_imports) {
        const auto& paths = options.import_paths;
        if (IsDirectory(path) && std::find(paths.begin(), paths.end(), path) == paths.end()) {
            options.import_paths.push_back(path);
        }
    }
    return options;
}

} // namespace mp::gen
