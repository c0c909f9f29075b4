// A harbor in three processes: this one, the port, and its books. Checks that all of it works, and says what doesn't.

#include "core/books.h"
#include "core/port.h"
#include "ipc/process.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <future>
#include <iostream>
#include <list>
#include <sys/wait.h>

namespace harbor {
namespace {

int failures = 0;

#define CHECK(...) Check((__VA_ARGS__), #__VA_ARGS__, __LINE__)

void Check(bool holds, const char* condition, int line)
{
    if (holds) return;
    ++failures;
    std::fprintf(stderr, "main.cpp:%d: does not hold: %s\n", line, condition);
}

//! What calling fn throws, as text.
template <typename Fn>
std::string Thrown(Fn&& fn)
{
    try {
        fn();
    } catch (const ipc::Exception& e) {
        return e.what();
    }
    return "nothing";
}

class EchoImpl : public Echo
{
public:
    std::string echo(const std::string& text) override { return text + ' ' + text; }
};

//! Each process makes what its role has.
class InitImpl : public Init
{
public:
    InitImpl(ipc::Process& process, std::string role) : m_process(process), m_role(std::move(role)) {}

    std::unique_ptr<Echo> makeEcho() override { return std::make_unique<EchoImpl>(); }
    std::unique_ptr<Port> makePort() override
    {
        if (m_role != "port") return nullptr;
        return MakePort([this](Port& port) {
            m_books = m_process.spawn("books", m_books_statuses.emplace_back(-1));
            return m_books->makeBooks(port);
        });
    }
    std::unique_ptr<Books> makeBooks(Port& port) override { return m_role == "books" ? MakeBooks(port) : nullptr; }
    void listen(const std::string& path) override { m_process.listen(path, *this); }

    //! @return whether the processes of books ended well, but for those that were killed
    bool close()
    {
        m_books.reset();
        return std::all_of(m_books_statuses.begin(), m_books_statuses.end(), [](int status) {
            return status == 0 || (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        });
    }

private:
    ipc::Process& m_process;
    const std::string m_role;
    std::unique_ptr<Init> m_books;
    std::list<int> m_books_statuses;
};

class WatcherImpl : public Watcher
{
public:
    void landed(const Cargo& cargo, uint32_t count) override
    {
        log += cargo.label + std::to_string(count) + ' ';
        thread = std::this_thread::get_id();
    }
    void closing(const std::string& why) override { log += why; }

    std::string log;
    std::thread::id thread;
};

class BellImpl : public Bell
{
public:
    std::string ring(int times) override
    {
        std::string sound;
        while (times-- > 0) sound += "ding";
        return sound;
    }
};

void CheckValues(Port& port)
{
    std::string error;
    const char* const good[] = {"color=red", "size=9", nullptr};
    CHECK(port.configure(2, good, error));
    CHECK(error.empty());
    const char* const bad[] = {"nonsense", nullptr};
    CHECK(!port.configure(1, bad, error));
    CHECK(error == "what is nonsense?");
    Document document = port.document();
    CHECK(document.write() == "color=red\nsize=9\n");
    document.entries["color"] = "";
    port.setDocument(document);
    CHECK(port.document().entries == document.entries);
    Document unreadable;
    unreadable.entries["two\nlines"] = "x";
    CHECK(Thrown([&] { port.setDocument(unreadable); }).find("not a document: two") != std::string::npos);
    CHECK(port.document().entries == document.entries);
    CHECK(port.network() == "test");

    CHECK(port.assign(Berth(3, "dock"), Tide::Flood) == Berth(4, "dock at flood"));
    CHECK(port.assign(Berth(), Tide::Ebb) == Berth(1, " at ebb"));
    CHECK((port.berths({Berth(1, "a"), Berth(2, "b")}) == BerthSet{Berth(1, "a"), Berth(2, "b"), Berth(9, "last")}));
    CHECK(port.berths({}).size() == 1);
    CHECK((port.sorted({Berth(2, "b"), Berth(1, "z")}) == std::set<Berth>{Berth(1, "z"), Berth(2, "b")}));
    CHECK(port.dictate(Draft{.text = "hello"}) == "hello");
    CHECK(port.dictate(Draft{.text = "hello", .ready = false}) == "(none)");
    CHECK(port.busiest() == std::pair<std::string, int>("north", 7));
    CHECK(port.delay(std::chrono::seconds(2)) == std::chrono::milliseconds(2005));

    port.forecast();
    CHECK(Wind() == 7);

    const auto manifests = port.manifests();
    CHECK(manifests.size() == 3);
    CHECK(manifests.at(0)->ship() == "Albatros");
    CHECK(manifests.at(1) == nullptr);
    CHECK(manifests.at(2)->ship() == "Delfin");
    CHECK(port.manifest("") == nullptr);
    CHECK(port.manifest("Emma")->ship() == "Emma");

    Journal copy{"copy:"};
    CHECK(port.sign(Journal{"journal:"}, copy).text == "journal: built read seen built read");
    CHECK(copy.text == "copy: built passed signed returned read");

    Shipment shipment;
    shipment.label = "wine";
    shipment.weight = {12};
    shipment.times_seen = 5;
    const Shipment sealed = port.seal(shipment);
    CHECK(sealed.sealed && sealed.label == "wine" && sealed.weight == Tons{12});
    CHECK(!sealed.grade && sealed.marks.at("seal") == "red" && sealed.times_seen == 0);
}

void CheckCargo(Port& port)
{
    auto watcher = std::make_shared<WatcherImpl>();
    auto watching = port.watch(watcher);
    CHECK(watcher.use_count() == 2);
    std::string why = "unchanged";
    const Cargo grain{.label = "grain", .weight = {900}, .grade = 2, .marks = {{"to", "Ulm"}}, .berth = Berth(1, "x")};
    CHECK(port.land(grain, std::nullopt, &why));
    CHECK(why.empty());
    const Cargo iron{.label = "iron", .weight = {5000}, .grade = {}, .marks = {}, .berth = {}};
    CHECK(!port.land(iron, 1, &why));
    CHECK(why == "iron is too heavy");
    CHECK(!port.land(iron, std::nullopt, nullptr));
    CHECK(port.land(iron, 2, nullptr));
    CHECK(watcher->log == "grain1 iron2 ");
    CHECK(watcher->thread == std::this_thread::get_id());
    watching->disconnect();
    CHECK(watcher.use_count() == 1);
    CHECK(port.land(iron, 2, nullptr));
    CHECK(watcher->log == "grain1 iron2 ");

    Tons weight;
    Tons next_weight;
    std::string label;
    FoundCargo next = FoundCargo().weight(next_weight).label(label);
    CHECK(port.findCargo("grain", FoundCargo().weight(weight).next(next)));
    CHECK(weight == Tons{900} && next.found && next_weight == Tons{5000} && label == "iron");
    FoundCargo nothing;
    CHECK(!port.findCargo("salt", nothing) && !nothing.found);
}

void CheckObjects(Port& port, ipc::Process& process)
{
    auto holds = port.holds();
    CHECK(holds.size() == 2 && holds[0]->label() == "fore" && holds[1]->label() == "aft");
    CHECK(port.inspect(*holds[1]) == "aft inspected");

    CHECK(port.ringBell(1) == "no bell");
    BellImpl bell;
    port.setBell(&bell);
    CHECK(port.ringBell(2) == "dingding");
    port.setBell(nullptr);
    CHECK(port.ringBell(1) == "no bell");

    try {
        port.execute("sail", {});
        CHECK(!"a command that nobody knows");
    } catch (const UsageError& e) {
        CHECK(e.usage == "commands: 0 (remote)" && e.exit_code == 2);
    }
    const auto caller = std::this_thread::get_id();
    Command sail{"sail", [&](const Document& args) -> std::string {
                     CHECK(std::this_thread::get_id() == caller);
                     if (args.entries.empty()) throw std::runtime_error("whereto?");
                     return "to " + args.entries.at("to") + ' ' + port.network();
                 }};
    auto sailing = port.addCommand(sail);
    Document args;
    args.entries["to"] = "sea";
    CHECK(port.execute("sail", args) == "to sea test");
    try {
        port.execute("sail", {});
        CHECK(!"an exception of the command");
    } catch (const ipc::Exception&) {
        CHECK(!"an exception that is declared");
    } catch (const std::runtime_error& e) {
        CHECK(std::string(e.what()) == "whereto?");
    }
    sailing.reset();
    try {
        port.execute("sail", args);
        CHECK(!"a command that is gone");
    } catch (const UsageError&) {
    }

    CHECK(Thrown([&] {
              port.sink();
          }).starts_with("kj::Exception: (remote):0: failed: remote exception: std::exception: glug"));
    CHECK(port.network() == "test");

    auto waiting = std::async(std::launch::async, [&] { return port.waitForShip(); });
    port.interrupt();
    CHECK(waiting.get() == 0);
    CHECK(process.logged("IPC client send Port.waitForShip$Params"));
}

void CheckBooks(Port& port)
{
    port.open();
    Books& books = port.books();
    CHECK(&books == &port.books());
    CHECK(books.processId() != getpid());
    Scheduler mine;
    books.start(mine);
    CHECK(books.entries().size() == 1 && books.entries()[0].label == "noon gun");

    std::string recorded;
    auto recording =
        books.onRecord([&](const std::string& label, Tons tons) { recorded += label + std::to_string(tons.value); });
    books.record(
        {.label = "rope", .weight = {3}, .grade = 1, .marks = {{"a", "b"}}, .berth = Berth(2, "y"), .times_seen = 8});
    CHECK(recorded == "rope3");
    recording.reset();
    books.record({.label = "tar", .weight = {4}, .grade = {}, .marks = {}, .berth = {}});
    CHECK(recorded == "rope3");

    CHECK(*books.weightOf("rope") == Tons{3});
    CHECK(books.weightOf("gold").why().translated == "keine solche Ladung");
    const Outcome<Cargo> rope = books.take("rope");
    CHECK(rope && (*rope).grade == 1 && (*rope).marks.at("a") == "b" && (*rope).berth == Berth(2, "y"));
    CHECK((*rope).times_seen == 0);
    CHECK(!books.take("rope"));
    // The books' process asks the port's.
    CHECK(books.audit() == Tons{900});
}

void CheckLostBooks(Port& port)
{
    Books& books = port.books();
    const int pid = books.processId();
    CHECK(kill(pid, SIGKILL) == 0);
    // The port notices when it calls them, and its caller gets to know.
    const std::string thrown = Thrown([&] { books.entries(); });
    CHECK(thrown.starts_with("kj::Exception: (remote):0: failed: remote exception: "));
    CHECK(thrown.find("IPC client method call") != std::string::npos);
    CHECK(port.network() == "test");
}

void CheckListening(Init& init, ipc::Process& process)
{
    const std::string path = "harbor.socket";
    std::filesystem::remove(path);
    init.listen(path);
    auto first = process.connect(path);
    auto second = process.connect(path);
    auto port = first->makePort();
    port->setDocument({});
    CHECK(port->document().entries.empty());
    CHECK(second->makeEcho()->echo("ahoy") == "ahoy ahoy");
    CHECK(second->makeBooks(*port) == nullptr);
    first.reset();
    CHECK(Thrown([&] { port->network(); }) == "IPC client method called after disconnect.");
    port.reset();
    CHECK(second->makeEcho()->echo("still") == "still still");
    std::filesystem::remove(path);
}

//! The same objects when they are in this process, over a socket of its own.
void CheckIncoming(ipc::Process& process)
{
    InitImpl init(process, "port");
    const std::string path = "harbor-own.socket";
    std::filesystem::remove(path);
    process.listen(path, init);
    auto client = process.connect(path);
    auto echo = client->makeEcho();
    CHECK(echo->echo("self") == "self self");
    process.disconnectIncoming();
    const std::string thrown = Thrown([&] { echo->echo("gone"); });
    CHECK(thrown == "IPC client method called after disconnect." ||
          thrown == "IPC client method call interrupted by disconnect.");
    std::filesystem::remove(path);
}

int RunParent(const std::string& program)
{
    Globals().network = "test";
    int status = -1;
    {
        ipc::Process process("harbor", program);
        auto init = process.spawn("port", status);
        {
            auto port = init->makePort();
            CHECK(process.context().ports_connected == 1);
            CheckValues(*port);
            CheckCargo(*port);
            CheckObjects(*port, process);
            CheckBooks(*port);
            auto watcher = std::make_shared<WatcherImpl>();
            auto watching = port->watch(watcher);
            port.reset();
            CHECK(watcher->log == "port destroyed");
            CHECK(process.context().ports_closed == 1);
        }
        {
            auto port = init->makePort();
            port->open();
            CheckLostBooks(*port);
        }
        CheckListening(*init, process);
        CheckIncoming(process);
        CHECK(status == -1);
        init.reset();
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        CHECK(process.context().ports_connected == process.context().ports_closed);
        CHECK(Thrown([&] {
                  int ignored;
                  ipc::Process other("harbor", "/no/such/program");
                  try {
                      other.spawn("port", ignored);
                  } catch (const std::system_error& e) {
                      throw ipc::Exception(e.what());
                  }
              }).find("/no/such/program") != std::string::npos);
    }
    if (failures == 0) std::puts("all checks hold");
    return failures == 0 ? 0 : 1;
}

int RunChild(const std::string& program, const std::string& role, const std::string& connect_info)
{
    const std::string name = "harbor-" + role;
    ipc::Process process(name.c_str(), program);
    InitImpl init(process, role);
    process.serve(connect_info, init);
    if (!init.close()) {
        std::fprintf(stderr, "%s: the books ended badly\n", name.c_str());
        return 1;
    }
    if (process.context().handlers_made != process.context().handlers_released) {
        std::fprintf(stderr, "%s: handlers are left\n", name.c_str());
        return 1;
    }
    return 0;
}

} // namespace
} // namespace harbor

int main(int argc, char** argv)
{
    try {
        if (argc == 3) return harbor::RunChild(argv[0], argv[1], argv[2]);
        return harbor::RunParent(argv[0]);
    } catch (const std::exception& e) {
        std::cerr << argv[0] << ' ' << (argc > 1 ? argv[1] : "") << ": " << e.what() << std::endl;
        return 1;
    }
}
