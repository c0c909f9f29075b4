#include <mp/process.h>

#include "errors.h"
#include "exit-watch.h"
#include "reactor.h"
#include "runtime.h"

#include <algorithm>
#include <climits>
#include <csignal>
#include <kj/debug.h>
#include <mp/event-loop.h>
#include <stdexcept>
#include <system_error>

namespace mp {

namespace {
constexpr std::chrono::milliseconds LONGEST{INT_MAX};
//! A child that ended under a debugger can be reaped when that lets it go.
constexpr auto RETRY = 10 * kj::MILLISECONDS;

int Clamped(std::chrono::milliseconds time)
{
    return static_cast<int>(std::clamp(time, std::chrono::milliseconds::zero(), LONGEST).count());
}

//! @return whether there was somebody to send it to
bool Sent(int status, const char* what, const mp_process* process)
{
    if (status == MP_ESRCH) return false;
    if (status < 0) {
        throw std::system_error(-status, std::system_category(),
                                std::string(what) + " process " + std::to_string(mp_process_pid(process)));
    }
    return true;
}

kj::Promise<mp_exit> ExitOf(Process process, kj::Timer& timer)
{
    mp_exit exit;
    mp_error error;
    const int status = mp_process_wait(process.get(), 0, &exit, &error);
    if (status == 0) return exit;
    if (status != MP_ETIMEDOUT) return KJ_EXCEPTION(FAILED, error.message);
    return timer.afterDelay(RETRY).then(
        [process = kj::mv(process), &timer]() mutable { return ExitOf(kj::mv(process), timer); });
}
} // namespace

std::string Describe(const mp_exit& exit)
{
    switch (exit.how) {
    case MP_EXIT_EXITED: return "exited with code " + std::to_string(exit.value);
    case MP_EXIT_SIGNALED:
        return "was killed by signal " + std::to_string(exit.value) + (exit.core_dumped ? " (core dumped)" : "");
    default: return "ended (its status is lost)";
    }
}

int Process::pid() const
{
    const int pid = mp_process_pid(m_process);
    if (pid < 0) throw std::system_error(-pid, std::system_category(), "no process");
    return pid;
}

mp_exit Process::wait() const
{
    mp_exit exit;
    mp_error error;
    if (mp_process_wait(m_process, -1, &exit, &error) < 0) ThrowSystemError(error);
    return exit;
}

std::optional<mp_exit> Process::wait(std::chrono::milliseconds timeout) const
{
    for (;; timeout -= LONGEST) {
        mp_exit exit;
        mp_error error;
        const int status = mp_process_wait(m_process, Clamped(timeout), &exit, &error);
        if (status == 0) return exit;
        if (status != MP_ETIMEDOUT) ThrowSystemError(error);
        if (timeout <= LONGEST) return std::nullopt;
    }
}

bool Process::kill(int signal) const { return Sent(mp_process_kill(m_process, signal), "kill", m_process); }

bool Process::killGroup(int signal) const
{
    return Sent(mp_process_kill_group(m_process, signal), "kill group of", m_process);
}

mp_exit Process::terminate(std::chrono::milliseconds grace) const
{
    mp_exit exit;
    mp_error error;
    if (mp_process_terminate(m_process, Clamped(grace), &exit, &error) < 0) ThrowSystemError(error);
    return exit;
}

kj::Promise<mp_exit> Process::onExit(EventLoop& loop) const
{
    if (!loop.isLoopThread()) throw std::logic_error("Process::onExit called on another thread than the loop's");
    mp_exit exit;
    mp_error error;
    const int status = mp_process_wait(m_process, 0, &exit, &error);
    if (status == 0) return exit;
    if (status != MP_ETIMEDOUT) ThrowSystemError(error);
    auto paf = kj::newPromiseAndFulfiller<void>();
    auto watch = kj::heap<ExitWatch>(ReactorOf(loop).port(), exitFd(),
                                     [fulfiller = kj::mv(paf.fulfiller)]() mutable { fulfiller->fulfill(); });
    return paf.promise.attach(kj::mv(watch))
        .then([process = Process(mp_process_ref(m_process)),
               &timer = loop.m_io_context.lowLevelProvider->getTimer()]() mutable {
            return ExitOf(kj::mv(process), timer);
        });
}

} // namespace mp
