#include <rpc/support/call-steps.h>

#include <stdexcept>

namespace mp::test {
namespace {

constexpr std::pair<Kind, const char*> KINDS[] = {
    {Kind::LoopMethod, "LoopMethod"},   {Kind::WorkerMethod, "WorkerMethod"}, {Kind::NestedCallback, "NestedCallback"},
    {Kind::PoolMethod, "PoolMethod"},   {Kind::Construct, "Construct"},       {Kind::Destroy, "Destroy"},
    {Kind::Accept, "Accept"},
};

constexpr std::pair<Step, const char*> STEPS[] = {
    {Step::Accepted, "Accepted"},       {Step::Sent, "Sent"},           {Step::ThreadAsked, "ThreadAsked"},
    {Step::ThreadReady, "ThreadReady"}, {Step::Received, "Received"},   {Step::Posted, "Posted"},
    {Step::Started, "Started"},         {Step::Executing, "Executing"}, {Step::InMethod, "InMethod"},
    {Step::InCallback, "InCallback"},   {Step::Done, "Done"},           {Step::Answered, "Answered"},
    {Step::ResultsRead, "ResultsRead"},
};

template <typename Value, size_t size>
const char* Name(const std::pair<Value, const char*> (&table)[size], Value value)
{
    for (const auto& [v, name] : table) {
        if (v == value) return name;
    }
    throw std::invalid_argument("no such value");
}

template <typename Value, size_t size>
Value Find(const std::pair<Value, const char*> (&table)[size], const std::string& name)
{
    for (const auto& [value, n] : table) {
        if (n == name) return value;
    }
    throw std::invalid_argument(name);
}

std::string MethodOf(Kind kind)
{
    switch (kind) {
    case Kind::LoopMethod: return "Service.runOnLoop";
    case Kind::WorkerMethod:
    case Kind::PoolMethod: return "Service.run";
    case Kind::NestedCallback: return "Service.lend";
    case Kind::Construct:
    case Kind::Accept: return "Service.construct";
    case Kind::Destroy: return "Account.destroy";
    }
    throw std::invalid_argument("kind");
}

} // namespace

const char* NameOf(Kind kind) { return Name(KINDS, kind); }
const char* NameOf(Step step) { return Name(STEPS, step); }
Kind KindOf(const std::string& name) { return Find(KINDS, name); }
Step StepOf(const std::string& name) { return Find(STEPS, name); }

std::vector<Step> StepsOf(Kind kind)
{
    using enum Step;
    switch (kind) {
    case Kind::LoopMethod: return {Sent, Received, InMethod, Answered, ResultsRead};
    case Kind::WorkerMethod:
    case Kind::Destroy:
        return {Sent, ThreadAsked, ThreadReady, Received, Posted, Started, Executing, InMethod, Done, Answered, ResultsRead};
    case Kind::NestedCallback:
        return {Sent, ThreadAsked, ThreadReady, Received, Posted, Started, Executing, InCallback, Done, Answered, ResultsRead};
    case Kind::PoolMethod: return {Received, Posted, Started, Executing, InMethod, Done, Answered};
    case Kind::Construct: return {Sent, Received, Answered, ResultsRead};
    case Kind::Accept: return {Accepted, Sent, Received, Answered, ResultsRead};
    }
    return {};
}

StepWatch::StepWatch(Kind kind, Step step, std::function<void()> action)
    : m_step(step), m_action(std::move(action)), m_method(MethodOf(kind))
{
}

void StepWatch::at(Step step)
{
    if (m_armed && step == m_step && !m_reached.exchange(true)) m_action();
}

void StepWatch::read(const std::string& message)
{
    auto has = [&](const std::string& text) { return message.find(text) != std::string::npos; };
    const bool params = has(" " + m_method + "$Params");
    const bool results = has(" " + m_method + "$Results");
    if (params && has("IPC client send ")) at(Step::Sent);
    if (results && has("IPC client recv ")) at(Step::ResultsRead);
    if (params && has("IPC server recv request ")) at(Step::Received);
    if (results && has("IPC server send response ")) at(Step::Answered);
    if (has("IPC server post request ")) at(Step::Posted);
    if (has("IPC server executing request ")) at(Step::Executing);
}

LogFn StepWatch::log(LogFn next)
{
    return [this, next = std::move(next)](LogMessage message) {
        // Raised ones are thrown by the next one.
        if (message.level != Log::Raise) read(message.message);
        next(std::move(message));
    };
}

void StepWatch::watch(EventLoop& loop, ServiceImpl& impl)
{
    loop.testing_hook_connected = [this] { at(Step::Accepted); };
    loop.testing_hook_makethread = [this] { at(Step::ThreadAsked); };
    loop.testing_hook_makethread_created = [this] { at(Step::ThreadReady); };
    loop.testing_hook_async_request_start = [this] { at(Step::Started); };
    loop.testing_hook_async_request_done = [this] { at(Step::Done); };
    impl.on_run = impl.on_loop = [this](const std::string& what) {
        at(Step::InMethod);
        return what;
    };
    // Its method "destroy" is the destructor.
    impl.on_make_account = [this] { return std::make_unique<WatchedAccount>([this] { at(Step::InMethod); }); };
    impl.on_narrow = [this] { arm(); };
}

} // namespace mp::test
