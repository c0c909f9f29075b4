#include "compiler.h"

#include "error.h"
#include "output.h"

#include <fcntl.h>
#include <mp/c/process.h>
#include <vector>

namespace mp::gen {
namespace {

//! A new file, open for writing, that a child's output goes to.
class OutputFile
{
public:
    explicit OutputFile(const std::string& path)
        : m_fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600))
    {
        if (m_fd < 0) throw Error("Failed to create " + path);
    }
    OutputFile(const OutputFile&) = delete;
    OutputFile& operator=(const OutputFile&) = delete;
    ~OutputFile() { mp_handle_close(m_fd); }

    int fd() const { return m_fd; }

private:
    int m_fd;
};

//! Run a program to its end.
void Run(const std::vector<std::string>& args, int output)
{
    std::vector<const char*> argv;
    argv.reserve(args.size() + 1);
    for (const std::string& arg : args) argv.push_back(arg.c_str());
    argv.push_back(nullptr);

    mp_spawn_options options = MP_SPAWN_OPTIONS_INIT;
    options.argv = argv.data();
    options.stdio[1].kind = MP_STDIO_HANDLE;
    options.stdio[1].handle = output;
    mp_process* process = nullptr;
    mp_error error;
    if (mp_process_spawn(&options, &process, &error) < 0) {
        throw Error("Invoking " + args[0] + " failed: " + error.message);
    }
    mp_exit exit;
    const int status = mp_process_wait(process, -1, &exit, &error);
    mp_process_unref(process);
    if (status < 0) throw Error("Invoking " + args[0] + " failed: " + error.message);
    if (exit.how != MP_EXIT_EXITED || exit.value != 0) throw Error("Invoking " + args[0] + " failed");
}

} // namespace

std::string RunCompiler(const Tools& tools, const Options& options, const std::string& dir)
{
    std::vector<std::string> args = {tools.capnp, "compile", "--src-prefix=" + options.src_prefix};
    for (const std::string& path : options.import_paths) args.push_back("--import-path=" + path);
    // Two outputs of one run: the files of capnpc-c++, and the request itself on stdout.
    args.push_back("--output=" + tools.capnpc_cxx + ":" + dir);
    args.push_back("--output=-");
    args.push_back(options.src_file);
    const std::string request = dir + "/request";
    {
        const OutputFile file(request);
        Run(args, file.fd());
    }
    return ReadFile(request);
}

} // namespace mp::gen
