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

Error WriteError(const std::string& path, const std::string& reason)
{
    return Error("Failed to write " + path + (reason.empty() ? "" : ": " + reason));
}

//! Write a file that stands for another one in the making.
void Write(const std::string& staged, const std::string& content, const std::string& path)
{
    errno = 0;
    std::ofstream out(staged, std::ios::binary | std::ios::trunc);
    out << content;
    out.close();
    if (!out) throw WriteError(path, errno != 0 ? strerror(errno) : "");
}

//! Staged files with the places they go to; what is not moved is removed.
struct Moves
{
    Moves() = default;
    Moves(const Moves&) = delete;
    Moves& operator=(const Moves&) = delete;
    ~Moves()
    {
        std::error_code ignored;
        for (const auto& [staged, path] : list) fs::remove(staged, ignored);
    }

    std::vector<std::pair<std::string, std::string>> list;
};

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
    Moves moves;
    for (const auto& [path, content] : files) {
        if (TryRead(path) == content) continue;
        std::error_code error;
        const fs::path parent = fs::path(path).parent_path();
        if (!parent.empty()) fs::create_directories(parent, error);
        if (error) throw WriteError(path, error.message());
        // Beside its place, since files can't be moved to another file system.
        moves.list.emplace_back((parent / (m_path + "-" + std::to_string(moves.list.size()))).string(), path);
        Write(moves.list.back().first, content, path);
    }
    for (const auto& [staged, path] : moves.list) {
        std::error_code error;
        fs::rename(staged, path, error);
        if (error) throw WriteError(path, error.message());
    }
}

std::string ReadFile(const std::string& path)
{
    if (std::optional<std::string> content = TryRead(path)) return std::move(*content);
    throw Error("Failed to read " + path);
}

} // namespace mp::gen
