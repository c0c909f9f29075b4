// What children write, handed over by a capture.
#ifndef MP_TEST_SUPPORT_CAPTURE_H
#define MP_TEST_SUPPORT_CAPTURE_H

#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <support/spawn.h>

namespace mp::test {

struct UnrefCapture
{
    void operator()(mp_capture* capture) const { mp_capture_unref(capture); }
};
using Capture = std::unique_ptr<mp_capture, UnrefCapture>;

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

} // namespace mp::test

#endif // MP_TEST_SUPPORT_CAPTURE_H
