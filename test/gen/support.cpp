#include "support.h"

#include "compiler.h"
#include "load.h"
#include "output.h"

#include <algorithm>
#include <capnp/serialize.h>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

namespace mp::gen::test {
namespace {
namespace fs = std::filesystem;
}

TempDir::TempDir() : m_before(fs::current_path())
{
    std::string name = fs::temp_directory_path() / "mpgen-test-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    m_path = name;
    fs::current_path(m_path);
}

TempDir::~TempDir()
{
    fs::current_path(m_before);
    fs::remove_all(m_path);
}

std::vector<std::string> TempDir::list() const
{
    std::vector<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(m_path)) {
        names.push_back(fs::relative(entry.path(), m_path));
    }
    std::sort(names.begin(), names.end());
    return names;
}

void WriteFile(const std::string& path, const std::string& text)
{
    if (fs::path(path).has_parent_path()) fs::create_directories(fs::path(path).parent_path());
    std::ofstream(path) << text;
}

std::string ReadText(const std::string& path)
{
    std::ifstream in(path);
    if (!in) throw std::runtime_error("can't read " + path);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

std::string Schema(const std::string& text)
{
    return "@0xf3a1b5c7d9e0b2ff;\nusing Cxx = import \"/capnp/c++.capnp\";\n"
           "using Proxy = import \"/mp/proxy.capnp\";\n" +
           text;
}

Module LoadSchema(const std::string& text)
{
    WriteFile("test.capnp", Schema(text));
    const Staging staging;
    const Options options{".", "test.capnp", {SCHEMA_DIR}, "test.capnp", "test.capnp"};
    const std::string bytes = RunCompiler({CAPNP, CAPNPC_CXX}, options, staging.path());
    kj::Array<capnp::word> words = kj::heapArray<capnp::word>(bytes.size() / sizeof(capnp::word));
    std::memcpy(words.begin(), bytes.data(), words.asBytes().size());
    capnp::FlatArrayMessageReader message(words);
    return Load(message.getRoot<capnp::schema::CodeGeneratorRequest>());
}

Outcome RunMpgen(const std::vector<std::string>& args)
{
    // Arguments of these tests need no quoting but for blanks.
    std::string command = MPGEN;
    for (const std::string& arg : args) command += " '" + arg + "'";
    const std::string err = fs::temp_directory_path() / ("mpgen-err-" + std::to_string(getpid()));
    const int status = std::system((command + " 2>" + err).c_str());
    Outcome outcome{WIFEXITED(status) ? WEXITSTATUS(status) : -1, ReadText(err)};
    fs::remove(err);
    return outcome;
}

const Node& NodeAt(const Module& module, const std::string& path)
{
    for (const auto& [id, node] : module.nodes) {
        if (node.path == path) return node;
    }
    throw std::runtime_error("no node " + path);
}

const Field& FieldAt(const Node& node, const std::string& name)
{
    for (const Field& field : node.fields) {
        if (field.name == name) return field;
    }
    throw std::runtime_error("no field " + name);
}

} // namespace mp::gen::test
