#include "support.h"

#include <csignal>
#include <cstdio>
#include <dirent.h>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <thread>
#include <unistd.h>

namespace mp::test {
namespace {

void WriteAll(int fd, const std::string& text)
{
    size_t done = 0;
    while (done < text.size()) {
        const ssize_t n = write(fd, text.data() + done, text.size() - done);
        if (n < 0) return; // the reader is gone
        done += static_cast<size_t>(n);
    }
}

} // namespace

std::string ExamplePath(const std::string& name) { return std::string(MP_EXAMPLE_DIR "/") + name; }

Result RunProgram(Command command, const std::string& input)
{
    Pipe in = MakePipe();
    Pipe out = MakePipe();
    Pipe err = MakePipe();
    const Process process =
        command.Stdio(0, in.read.get()).Stdio(1, out.write.get()).Stdio(2, err.write.get()).Start();
    in.read.Close();
    out.write.Close();
    err.write.Close();
    Result result;
    std::thread writer([&] {
        // The program may end without reading its input; the signal goes with this thread.
        sigset_t broken_pipe;
        sigemptyset(&broken_pipe);
        sigaddset(&broken_pipe, SIGPIPE);
        pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
        WriteAll(in.write.get(), input);
        in.write.Close();
    });
    std::thread error_reader([&] { result.err = ReadAll(err.read.get()); });
    result.out = ReadAll(out.read.get());
    error_reader.join();
    writer.join();
    result.exit = Wait(process.get());
    return result;
}

Example::Example(const std::vector<std::string>& args)
{
    Pipe in = MakePipe();
    Pipe out = MakePipe();
    Pipe err = MakePipe();
    std::vector<std::string> argv{ExamplePath("mpexample")};
    argv.insert(argv.end(), args.begin(), args.end());
    Command command(argv);
    m_process = command.Stdio(0, in.read.get()).Stdio(1, out.write.get()).Stdio(2, err.write.get()).Start();
    m_input = std::move(in.write);
    m_output = std::move(out.read);
    m_error = std::move(err.read);
}

void Example::write(const std::string& text) { WriteAll(m_input.get(), text); }

void Example::kill() const { EXPECT_EQ(mp_process_kill(m_process.get(), SIGKILL), 0); }

void Example::waitTaken() const
{
    for (int left = 1; left > 0;) {
        ASSERT_EQ(ioctl(m_input.get(), FIONREAD, &left), 0);
        std::this_thread::yield();
    }
}

std::string Example::readLineOf(const Fd& fd)
{
    std::string line;
    for (char c;;) {
        if (!WaitReadable(fd.get()) || read(fd.get(), &c, 1) != 1) {
            ADD_FAILURE() << "no line, but: " << line;
            return line;
        }
        if (c == '\n') return line;
        line += c;
    }
}

int Example::childPid(const std::string& name) const
{
    const std::string tasks = "/proc/" + std::to_string(mp_process_pid(m_process.get())) + "/task";
    int found = 0;
    DIR* dir = opendir(tasks.c_str());
    while (const dirent* entry = dir ? readdir(dir) : nullptr) {
        std::ifstream list(tasks + "/" + entry->d_name + "/children");
        for (int pid; list >> pid;) {
            std::string comm;
            std::getline(std::ifstream("/proc/" + std::to_string(pid) + "/comm"), comm);
            if (comm == name) found = pid;
        }
    }
    if (dir) closedir(dir);
    EXPECT_NE(found, 0) << name;
    return found;
}

Result Example::finish()
{
    Result result;
    std::thread error_reader([&] { result.err = ReadAll(m_error.get()); });
    result.out = ReadAll(m_output.get());
    error_reader.join();
    result.exit = Wait(m_process.get());
    return result;
}

} // namespace mp::test
