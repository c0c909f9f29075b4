#include "output.h"

#include "error.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <random>
#include <sstream>
#include <vector>

namespace mp::gen {
namespace {

namespace fs = std::filesystem;

std::optional<std::string> TryRead(const std::string& path)
{
    std::ifstream in(path, std::ios::binary);
    if (!in) return std::nullopt;
    std::ostringstream content;
    content << in.rdbuf();
    if (in.bad() || content.bad()) return std::nullopt;
    return content.str();
}

void Write(const std::string& path, const std::string& content)
{
    errno = 0;
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out << content;
    out.close();
    if (!out) throw Error("Failed to write " + path + (errno != 0 ? std::string(": ") + strerror(errno) : ""));
}

} // namespace

Staging::Staging()
{
    std::random_device random;
    for (int attempt = 0; attempt < 100; ++attempt) {
        const std::string path = ".mpgen-" + std::to_string(random());
        std::error_code error;
        if (fs::create_directory(path, error)) {
            m_path = path;
            return;
        }
        if (error) throw Error("Failed to create a directory here: " + error.message());
    }
    throw Error("Failed to create a directory here");
}

Staging::~Staging()
{
    std::error_code ignored;
    fs::remove_all(m_path, ignored);
}

void Staging::commit(const std::map<std::string, std::string>& files) const
{
    std::vector<std::pair<std::string, std::string>> moves;
    for (const auto& [path, content] : files) {
        if (TryRead(path) == content) continue;
        const std::string staged = m_path + "/out" + std::to_string(moves.size());
        Write(staged, content);
        moves.emplace_back(staged, path);
    }
    for (const auto& [staged, path] : moves) {
        std::error_code error;
        const fs::path parent = fs::path(path).parent_path();
        if (!parent.empty()) fs::create_directories(parent, error);
        if (!error) fs::rename(staged, path, error);
        if (error) throw Error("Failed to write " + path + ": " + error.message());
    }
}

std::string ReadFile(const std::string& path)
{
    if (std::optional<std::string> content = TryRead(path)) return std::move(*content);
    throw Error("Failed to read " + path);
}

} // namespace mp::gen
