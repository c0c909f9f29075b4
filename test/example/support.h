// Running the example's programs.
#ifndef MP_TEST_EXAMPLE_SUPPORT_H
#define MP_TEST_EXAMPLE_SUPPORT_H

#include <string>
#include <support/spawn.h>
#include <vector>

namespace mp::test {

//! Path of one of the example's programs.
std::string ExamplePath(const std::string& name);

//! What a program printed, and how it ended.
struct Result
{
    std::string out;
    std::string err;
    mp_exit exit;
};

//! Run a program on some input to its end.
Result RunProgram(Command command, const std::string& input = "");

//! An example that the test talks to.
class Example
{
public:
    explicit Example(const std::vector<std::string>& args = {});

    void write(const std::string& text);
    //! Wait until the parent has taken all that was written.
    void waitTaken() const;
    void kill() const;
    void closeInput() { m_input.Close(); }
    //! The next line of standard output.
    std::string readLine() { return readLineOf(m_output); }
    //! The next line of standard error.
    std::string readErrorLine() { return readLineOf(m_error); }
    //! Process id of a child, by its program's name.
    int childPid(const std::string& name) const;
    //! What is left of the output, and the end.
    Result finish();

private:
    static std::string readLineOf(const Fd& fd);

    Process m_process;
    Fd m_input;
    Fd m_output;
    Fd m_error;
};

} // namespace mp::test

#endif // MP_TEST_EXAMPLE_SUPPORT_H
