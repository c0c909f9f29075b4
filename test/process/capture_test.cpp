// What children write to their stdout and stderr.
#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <fstream>
#include <functional>
#include <mutex>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

#include <support/spawn.h>

namespace mp::test {
namespace {

struct UnrefCapture
{
    void operator()(mp_capture* capture) const { mp_capture_unref(capture); }
};
using Capture = std::unique_ptr<mp_capture, UnrefCapture>;

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
    Command Shell(const std::string& script) const { return Captured(Command({"/bin/sh", "-c", script})); }

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
    const Process process = lines.Shell("echo one; echo zwei >&2; echo; echo three").Start();
    EXPECT_TRUE(lines.AwaitEnd());
    EXPECT_EQ(lines.Of(1), (Texts{"L one", "L ", "L three", "E "}));
    EXPECT_EQ(lines.Of(2), (Texts{"L zwei", "E "}));
    EXPECT_EQ(Wait(process.get()).value, 0);
}

TEST(CaptureOutput, HandsOverTheLastLineWithoutABreak)
{
    const Lines lines;
    const Process process = lines.Shell("echo one; printf last; kill -KILL $$").Start();
    EXPECT_TRUE(lines.AwaitEnd());
    EXPECT_EQ(lines.Of(1), (Texts{"L one", "P last", "E "}));
    EXPECT_EQ(Wait(process.get()).value, SIGKILL);
}

TEST(CaptureOutput, SplitsLongLines)
{
    const Lines lines(10);
    const Process process = lines.Shell("echo 0123456789; echo 0123456789a; echo 0123456789012345678901; printf 0123456789").Start();
    EXPECT_TRUE(lines.AwaitEnd());
    EXPECT_EQ(lines.Of(1), (Texts{"L 0123456789", "P 0123456789", "L a", "P 0123456789", "P 0123456789", "L 01",
                                  "P 0123456789", "E "}));
    Wait(process.get());
}

TEST(CaptureOutput, TakesBytesAsTheyAre)
{
    const Lines lines;
    const Process process = lines.Shell(R"(printf 'a\000b\377\r\n')").Start();
    EXPECT_TRUE(lines.AwaitEnd());
    EXPECT_EQ(lines.Of(1), (Texts{std::string("L a\0b\377\r", 7), "E "}));
    Wait(process.get());
}

TEST(CaptureOutput, WaitsForWhoHasTheStream)
{
    const Lines lines;
    const Process process = lines.Shell("sleep 300 & echo started").Flags(MP_SPAWN_OWN_GROUP).Start();
    EXPECT_TRUE(lines.AwaitText("1L started"));
    const int group = mp_process_pid(process.get());
    EXPECT_EQ(Wait(process.get()).value, 0);
    EXPECT_EQ(mp_capture_wait(lines.get(), 0, nullptr), MP_ETIMEDOUT);
    EXPECT_EQ(mp_capture_wait(lines.get(), 20, nullptr), MP_ETIMEDOUT);
    EXPECT_EQ(kill(-group, SIGKILL), 0);
    EXPECT_TRUE(lines.AwaitEnd());
}

TEST(CaptureOutput, IsGivenUpWithTheLastReference)
{
    Lines lines;
    const Pipe hold = MakePipe();
    Command command = lines.Shell("printf begun; read x; while :; do echo y; done");
    const Process process = command.Stdio(0, hold.read.get()).Start();
    EXPECT_EQ(mp_capture_ref(lines.get()), lines.get());
    EXPECT_EQ(mp_capture_unref(lines.get()), nullptr);
    lines.reset();
    EXPECT_EQ(lines.Of(1).back(), "E ");
    EXPECT_EQ(lines.Of(2), (Texts{"E "}));
    EXPECT_EQ(write(hold.write.get(), "\n", 1), 1);
    EXPECT_EQ(Wait(process.get()).value, SIGPIPE);
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
        Command command({"/bin/echo", std::to_string(i)});
        command.mutable_options().stdio[1].kind = MP_STDIO_CAPTURED;
        command.mutable_options().capture = raw;
        command.mutable_options().capture_child = &keys[i];
        processes.push_back(command.Start());
    }
    EXPECT_EQ(mp_capture_wait(raw, DEADLINE_MS, nullptr), 0);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(texts[&keys[i]], std::to_string(i));
    for (const Process& process : processes) Wait(process.get());
}

//! What many children write much of.
class Flood
{
public:
    //! @param slow  the first lines take their time
    explicit Flood(bool slow) : m_slow(slow)
    {
        mp_capture_options options = MP_CAPTURE_OPTIONS_INIT;
        options.callback = [](void* user, const mp_capture_line* line) { static_cast<Flood*>(user)->Add(*line); };
        options.user = this;
        mp_capture* capture = nullptr;
        EXPECT_EQ(mp_capture_new(&options, &capture, nullptr), 0);
        m_capture.reset(capture);
    }

    void Run(int children, int count)
    {
        std::vector<std::array<int, 3>> next(children);
        std::vector<Process> processes;
        for (int i = 0; i < children; ++i) {
            Command command = ChildCommand("write_lines", {std::to_string(count)});
            mp_spawn_options& options = command.mutable_options();
            options.stdio[1].kind = options.stdio[2].kind = MP_STDIO_CAPTURED;
            options.capture = m_capture.get();
            options.capture_child = &next[i];
            processes.push_back(command.Start());
        }
        EXPECT_EQ(mp_capture_wait(m_capture.get(), 4 * DEADLINE_MS, nullptr), 0);
        for (const auto& numbers : next) {
            EXPECT_EQ(numbers[1], count);
            EXPECT_EQ(numbers[2], count);
        }
        for (const Process& process : processes) EXPECT_EQ(Wait(process.get()).value, 0);
        EXPECT_TRUE(m_in_order);
    }

private:
    void Add(const mp_capture_line& line)
    {
        if (line.kind == MP_CAPTURE_END) return;
        int& next = (*static_cast<std::array<int, 3>*>(line.child))[line.stream];
        char expected[32];
        const int size = std::snprintf(expected, sizeof(expected), "%d %d x", line.stream, next++);
        m_in_order = m_in_order && line.kind == MP_CAPTURE_LINE && std::strncmp(line.text, expected, size) == 0 &&
                     line.length == static_cast<size_t>(size) + 79;
        if (m_slow && ++m_lines % 1000 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }

    const bool m_slow;
    int m_lines{0};
    bool m_in_order{true};
    Capture m_capture;
};

size_t MemoryKib()
{
    std::ifstream file("/proc/self/statm");
    size_t size = 0, resident = 0;
    file >> size >> resident;
    return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE)) / 1024;
}

TEST(CaptureOutput, OfManyChildrenLosesNothingInBoundedMemory)
{
    // 50 children, two streams of 11,500 lines of 87 to 91 bytes: 100 MB.
    for (const bool slow : {false, true}) {
        Flood flood(slow);
        [[maybe_unused]] const size_t before = MemoryKib();
        flood.Run(50, 11'500);
#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
        EXPECT_LE(MemoryKib(), before + 4 * 1024);
#endif
    }
}

TEST(CaptureOutput, IsReadByTheApplicationIfItLikes)
{
    const Pipe hold = MakePipe();
    Command command({"/bin/sh", "-c", "read x; echo out; echo err >&2"});
    command.Stdio(0, hold.read.get());
    command.mutable_options().stdio[1].kind = command.mutable_options().stdio[2].kind = MP_STDIO_CAPTURED;
    const Process process = command.Start();
    mp_handle handle;
    ASSERT_EQ(mp_process_take_output(process.get(), 1, &handle), 0);
    const Fd out(handle);
    ASSERT_EQ(mp_process_take_output(process.get(), 2, &handle), 0);
    const Fd err(handle);
    EXPECT_EQ(mp_process_take_output(process.get(), 2, &handle), MP_ENOENT);
    EXPECT_EQ(mp_process_take_output(process.get(), 0, &handle), MP_EINVAL);
    EXPECT_EQ(mp_process_take_output(nullptr, 1, &handle), MP_EINVAL);
    char text[16] = {};
    EXPECT_EQ(read(out.get(), text, sizeof(text)), -1);
    EXPECT_EQ(errno, EAGAIN);
    EXPECT_EQ(write(hold.write.get(), "\n", 1), 1);
    EXPECT_TRUE(WaitReadable(out.get()));
    EXPECT_EQ(read(out.get(), text, sizeof(text)), 4);
    EXPECT_TRUE(WaitReadable(err.get()));
    EXPECT_EQ(read(err.get(), text, sizeof(text)), 4);
    Wait(process.get());
    EXPECT_EQ(read(err.get(), text, sizeof(text)), 0);
}

TEST(CaptureOutput, NobodyTookIsClosed)
{
    Command command({"/bin/sh", "-c", "while :; do echo y; done"});
    command.mutable_options().stdio[1].kind = MP_STDIO_CAPTURED;
    Process process = command.Start();
    const int pid = mp_process_pid(process.get());
    process.reset();
    EXPECT_TRUE(WaitGone(pid)); // by SIGPIPE
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
