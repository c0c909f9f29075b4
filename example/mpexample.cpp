// The parent: reads equations, has one child solve them and another one print them.

#include "calculator.h"
#include "child.h"
#include "log.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <future>
#include <iostream>
#include <poll.h>
#include <unistd.h>

namespace {
//! Runs an event loop on a thread of its own, for as long as this object lives.
class LoopThread
{
public:
    LoopThread()
    {
        std::promise<mp::EventLoop*> started;
        m_thread = std::thread([&started] {
            mp::EventLoop loop("mpexample", LogPrint);
            started.set_value(&loop);
            loop.loop();
        });
        mp::EventLoop* loop = started.get_future().get();
        m_ref.emplace(*loop);
    }
    ~LoopThread()
    {
        m_ref.reset();
        m_thread.join();
    }

    mp::EventLoop& loop() { return **m_ref; }

private:
    std::thread m_thread;
    std::optional<mp::EventLoopRef> m_ref;
};

//! Lines of standard input, which also ends when a child does.
class Input
{
public:
    explicit Input(std::vector<const Child*> children) : m_children(std::move(children)) {}

    //! @return false at the end
    bool read(std::string& line)
    {
        for (;;) {
            const size_t end = m_buffer.find('\n');
            if (end != std::string::npos || (m_at_end && !m_buffer.empty())) {
                line = m_buffer.substr(0, end);
                m_buffer.erase(0, end == std::string::npos ? end : end + 1);
                return true;
            }
            if (m_at_end || !wait()) return false;
            char bytes[4096];
            const ssize_t n = ::read(STDIN_FILENO, bytes, sizeof(bytes));
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0) {
                m_at_end = true;
            } else {
                m_buffer.append(bytes, n);
            }
        }
    }

private:
    //! Wait for input. @return false when a child has ended
    bool wait() const
    {
        std::vector<pollfd> fds{{STDIN_FILENO, POLLIN, 0}};
        for (const Child* child : m_children) fds.push_back({child->endedFd(), POLLIN, 0});
        while (poll(fds.data(), fds.size(), -1) < 0 && errno == EINTR) {
        }
        for (size_t i = 1; i < fds.size(); ++i) {
            if (fds[i].revents != 0) return false;
        }
        return true;
    }

    const std::vector<const Child*> m_children;
    std::string m_buffer;
    bool m_at_end{false};
};

//! @param command  starts the calculator; if empty, the one that stands beside this program is started
//! @return whether all was well to the end of the input
bool Run(mp::EventLoop& loop, const std::string& directory, const std::vector<std::string>& command)
{
    Child printer_child(loop, StartBeside(directory, "mpprinter"));
    Child calculator_child(loop, command.empty() ? StartBeside(directory, "mpcalculator") : StartElsewhere(command));
    const std::vector<const Child*> children{&printer_child, &calculator_child};
    auto child_ended = [&children](int milliseconds) {
        for (const Child* child : children) {
            if (!child->endsWithin(milliseconds)) continue;
            std::cerr << "mpexample: " << child->ending() << std::endl;
            return true;
        }
        return false;
    };
    const bool interactive = isatty(STDIN_FILENO);
    if (interactive) std::cout << "Equations, such as 2 * (3 + 4); end with Ctrl-D." << std::endl;
    try {
        auto calculator = calculator_child.init().makeCalculator(printer_child.init().makePrinter());
        Input input(children);
        std::string equation;
        while (input.read(equation)) {
            if (equation.find_first_not_of(" \t\r") == std::string::npos) continue;
            try {
                calculator->solve(equation);
            } catch (const CalculatorError& e) {
                std::cerr << equation << ": column " << e.position << ": " << e.message << std::endl;
            }
        }
    } catch (const std::exception& e) {
        // A call fails when a child goes; who went, and how, is known a moment later.
        if (!child_ended(200)) std::cerr << "mpexample: " << e.what() << std::endl;
        return false;
    }
    return !child_ended(0);
}
} // namespace

int main(int argc, char** argv)
{
    if (argc > 1 && (argc == 2 || std::string(argv[1]) != "--calculator")) {
        std::cerr << "Usage: mpexample [--calculator COMMAND [ARGUMENT]...] < equations\n"
                     "A command such as: ssh host mpcalculator --stdio"
                  << std::endl;
        return 2;
    }
    // Were a standard stream closed, the next descriptor to be opened would take its place.
    for (int fd = 0; fd < 3; ++fd) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd) return 1;
    }
    // The children stand beside this program.
    const std::string program = argv[0];
    const std::string directory = program.substr(0, program.find_last_of('/') + 1);
    try {
        LoopThread thread;
        return Run(thread.loop(), directory, {argv + std::min(argc, 2), argv + argc}) ? 0 : 1;
    } catch (const std::exception& e) {
        std::cerr << "mpexample: " << e.what() << std::endl;
        return 1;
    }
}
