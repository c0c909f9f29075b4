// What children write to their stdout and stderr.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>

#include <gtest/gtest.h>

#include <support/capture.h>
#include <support/spawn.h>

namespace mp::test {
namespace {

//! Calls of a callback, as texts: "1L text" for a line of stdout, "2P text" for a part of one of stderr, "1E" for the end.
class Lines
{
public:
    explicit Lines(size_t max_line = 0) { Make(max_line); }

    Command Captured(Command command, void* child = nullptr) const
    {
        mp_spawn_options& options = command.mutable_options();
        options.stdio[1].kind = options.stdio[2].kind = MP_STDIO_CAPTURED;
        options.capture = m_capture.get();
        options.capture_child = child;
        return command;
    }
    Command Script(std::vector<std::string> steps) const { return Captured(ChildCommand("script", std::move(steps))); }

    std::vector<std::string> Of(int stream) const
    {
        const std::lock_guard lock(m_mutex);
        std::vector<std::string> texts;
        for (const std::string& text : m_texts) {
            if (text[0] == '0' + stream) texts.push_back(text.substr(1));
        }
        return texts;
    }
    bool AwaitEnd() const { return mp_capture_wait(m_capture.get(), DEADLINE_MS, nullptr) == 0; }
    bool AwaitText(const std::string& text) const
    {
        std::unique_lock lock(m_mutex);
        return m_changed.wait_for(lock, std::chrono::milliseconds(DEADLINE_MS),
                                  [&] { return std::find(m_texts.begin(), m_texts.end(), text) != m_texts.end(); });
    }
    mp_capture* get() const { return m_capture.get(); }
    void reset() { m_capture.reset(); }

private:
    void Make(size_t max_line)
    {
        mp_capture_options options = MP_CAPTURE_OPTIONS_INIT;
        options.callback = [](void* user, const mp_capture_line* line) { static_cast<Lines*>(user)->Add(*line); };
        options.user = this;
        options.max_line = max_line;
        mp_capture* capture = nullptr;
        EXPECT_EQ(mp_capture_new(&options, &capture, nullptr), 0);
        m_raw = capture;
        m_capture.reset(capture);
    }
    void Add(const mp_capture_line& line)
    {
        EXPECT_EQ(line.size, sizeof(line));
        EXPECT_EQ(line.text[line.length], '\0');
        EXPECT_EQ(mp_capture_wait(m_raw, 0, nullptr), MP_EDEADLK);
        const std::lock_guard lock(m_mutex);
        m_texts.push_back(std::to_string(line.stream) + "LPE"[line.kind] + " " + std::string(line.text, line.length));
        m_changed.notify_all();
    }

    mutable std::mutex m_mutex;
    mutable std::condition_variable m_changed;
    std::vector<std::string> m_texts;
    std::atomic<mp_capture*> m_raw{nullptr};
    Capture m_capture;
};

using Texts = std::vector<std::string>;

TEST(CaptureOutput, HandsOverLinesOfBothStreams)
{
    const Lines lines;
    const Process process = lines.Script({"out", "one\\n", "err", "zwei\\n", "out", "\\nthree\\n"}).Start();
    EXPECT_TRUE(lines.AwaitEnd());
    EXPECT_EQ(lines.Of(1), (Texts{"L one", "L ", "L three", "E "}));
    EXPECT_EQ(lines.Of(2), (Texts{"L zwei", "E "}));
    EXPECT_EQ(Wait(process.get()).value, 0);
}

TEST(CaptureOutput, HandsOverTheLastLineWithoutABreak)
{
    const Lines lines;
    const Process process = lines.Script({"out", "one\\nlast", "die"}).Start();
    EXPECT_TRUE(lines.AwaitEnd());
    EXPECT_EQ(lines.Of(1), (Texts{"L one", "P last", "E "}));
    EXPECT_EQ(Wait(process.get()).value, SIGNAL_KILL);
}

TEST(CaptureOutput, SplitsLongLines)
{
    const Lines lines(10);
    const Process process =
        lines.Script({"out", "0123456789\\n0123456789a\\n0123456789012345678901\\n", "out", "0123456789"}).Start();
    EXPECT_TRUE(lines.AwaitEnd());
    EXPECT_EQ(lines.Of(1), (Texts{"L 0123456789", "P 0123456789", "L a", "P 0123456789", "P 0123456789", "L 01",
                                  "P 0123456789", "E "}));
    Wait(process.get());
}

TEST(CaptureOutput, TakesBytesAsTheyAre)
{
    const Lines lines;
    const Process process = lines.Script({"out", R"(a\000b\377\015\n)"}).Start();
    EXPECT_TRUE(lines.AwaitEnd());
    EXPECT_EQ(lines.Of(1), (Texts{std::string("L a\0b\377\r", 7), "E "}));
    Wait(process.get());
}

TEST(CaptureOutput, WaitsForWhoHasTheStream)
{
    const Lines lines;
    const Process process = lines.Script({"spawn", "hold", "out", "started\\n"}).Flags(MP_SPAWN_OWN_GROUP).Start();
    EXPECT_TRUE(lines.AwaitText("1L started"));
    EXPECT_EQ(mp_capture_wait(lines.get(), 0, nullptr), MP_ETIMEDOUT);
    // The end of the child itself changes nothing.
    EXPECT_TRUE(WaitEnded(process.get()));
    EXPECT_EQ(mp_capture_wait(lines.get(), 20, nullptr), MP_ETIMEDOUT);
    EXPECT_EQ(mp_process_kill_group(process.get(), SIGNAL_KILL), 0);
    EXPECT_TRUE(lines.AwaitEnd());
    EXPECT_EQ(Wait(process.get()).value, 0);
}

TEST(CaptureOutput, IsGivenUpWithTheLastReference)
{
    Lines lines;
    const Pipe hold = MakePipe();
    Command command = lines.Script({"out", "begun", "read", "flood", "y"});
    const Process process = command.Stdio(0, hold.read.get()).Start();
    EXPECT_EQ(mp_capture_ref(lines.get()), lines.get());
    EXPECT_EQ(mp_capture_unref(lines.get()), nullptr);
    lines.reset();
    EXPECT_EQ(lines.Of(1).back(), "E ");
    EXPECT_EQ(lines.Of(2), (Texts{"E "}));
    EXPECT_EQ(Write(hold.write.get(), "\n", 1), 1);
    EXPECT_NE(Wait(process.get()).value, 0); // what it writes now fails, by SIGPIPE where there are signals
}

TEST(CaptureOutput, TellsChildrenApart)
{
    std::mutex mutex;
    std::map<void*, std::string> texts;
    const std::function<void(const mp_capture_line&)> add = [&](const mp_capture_line& line) {
        const std::lock_guard lock(mutex);
        texts[line.child].append(line.text, line.length);
    };
    mp_capture_options options = MP_CAPTURE_OPTIONS_INIT;
    options.callback = [](void* user, const mp_capture_line* line) {
        (*static_cast<const std::function<void(const mp_capture_line&)>*>(user))(*line);
    };
    options.user = const_cast<void*>(static_cast<const void*>(&add));
    mp_capture* raw = nullptr;
    ASSERT_EQ(mp_capture_new(&options, &raw, nullptr), 0);
    const Capture capture(raw);
    int keys[5];
    std::vector<Process> processes;
    for (int i = 0; i < 5; ++i) {
        Command command = ChildCommand("script", {"out", std::to_string(i)});
        command.mutable_options().stdio[1].kind = MP_STDIO_CAPTURED;
        command.mutable_options().capture = raw;
        command.mutable_options().capture_child = &keys[i];
        processes.push_back(command.Start());
    }
    EXPECT_EQ(mp_capture_wait(raw, DEADLINE_MS, nullptr), 0);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(texts[&keys[i]], std::to_string(i));
    for (const Process& process : processes) Wait(process.get());
}

TEST(CaptureOutput, IsReadByTheApplicationIfItLikes)
{
    const Pipe hold = MakePipe();
    Command command = ChildCommand("script", {"read", "out", "out\\n", "err", "err\\n"});
    command.Stdio(0, hold.read.get());
    command.mutable_options().stdio[1].kind = command.mutable_options().stdio[2].kind = MP_STDIO_CAPTURED;
    const Process process = command.Start();
    mp_socket socket;
    ASSERT_EQ(mp_process_take_output(process.get(), 1, &socket), 0);
    const Socket out(socket);
    ASSERT_EQ(mp_process_take_output(process.get(), 2, &socket), 0);
    const Socket err(socket);
    EXPECT_EQ(mp_process_take_output(process.get(), 2, &socket), MP_ENOENT);
    EXPECT_EQ(mp_process_take_output(process.get(), 0, &socket), MP_EINVAL);
    EXPECT_EQ(mp_process_take_output(nullptr, 1, &socket), MP_EINVAL);
    char text[16] = {};
    EXPECT_EQ(Receive(out.get(), text, sizeof(text)), -1);
    EXPECT_TRUE(WouldBlock());
    EXPECT_EQ(Write(hold.write.get(), "\n", 1), 1);
    EXPECT_TRUE(WaitReadable(out.get()));
    EXPECT_EQ(Receive(out.get(), text, sizeof(text)), 4);
    EXPECT_TRUE(WaitReadable(err.get()));
    EXPECT_EQ(Receive(err.get(), text, sizeof(text)), 4);
    Wait(process.get());
    EXPECT_TRUE(WaitReadable(err.get()));
    EXPECT_EQ(Receive(err.get(), text, sizeof(text)), 0);
}

TEST(CaptureOutput, NobodyTookIsClosed)
{
    Command command = ChildCommand("script", {"flood", "y"});
    command.mutable_options().stdio[1].kind = MP_STDIO_CAPTURED;
    Process process = command.Start();
    const int pid = mp_process_pid(process.get());
    process.reset();
    EXPECT_TRUE(WaitGone(pid)); // what it writes fails
}

TEST(CaptureOutput, OfAChildThatCantBeStarted)
{
    const Lines lines;
    Process process;
    EXPECT_EQ(lines.Captured(Command({"/no/such/program"})).Spawn(process), MP_ENOENT);
    EXPECT_TRUE(lines.AwaitEnd());
    EXPECT_TRUE(lines.Of(1).empty());
}

TEST(CaptureOutput, RefusesBadArguments)
{
    mp_capture* capture = nullptr;
    mp_error error;
    mp_capture_options options = MP_CAPTURE_OPTIONS_INIT;
    EXPECT_EQ(mp_capture_new(nullptr, &capture, nullptr), MP_EINVAL);
    EXPECT_EQ(mp_capture_new(&options, &capture, &error), MP_EINVAL);
    options.callback = [](void*, const mp_capture_line*) {};
    EXPECT_EQ(mp_capture_new(&options, nullptr, &error), MP_EINVAL);
    options.max_line = size_t{1} << 40;
    EXPECT_EQ(mp_capture_new(&options, &capture, &error), MP_EINVAL);
    options.size = 4;
    EXPECT_EQ(mp_capture_new(&options, &capture, &error), MP_EINVAL);
    EXPECT_EQ(mp_capture_wait(nullptr, 0, nullptr), MP_EINVAL);
    EXPECT_EQ(mp_capture_ref(nullptr), nullptr);
    EXPECT_EQ(mp_capture_unref(nullptr), nullptr);
    const Lines lines;
    EXPECT_EQ(mp_capture_wait(lines.get(), -2, nullptr), MP_EINVAL);
    Process process;
    Command command = ChildCommand("exit_code");
    command.mutable_options().stdio[0].kind = MP_STDIO_CAPTURED;
    EXPECT_EQ(command.Spawn(process, &error), MP_EINVAL);
    EXPECT_STREQ(error.message, "spawn options: kind 3 of stdin");
}

} // namespace
} // namespace mp::test
