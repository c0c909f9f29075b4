#include "port.h"

#include <condition_variable>
#include <mp/util.h>
#include <mutex>
#include <stdexcept>

namespace harbor {

GlobalOptions& Globals()
{
    static GlobalOptions options;
    return options;
}

std::atomic<int>& Wind()
{
    static std::atomic<int> wind{0};
    return wind;
}

namespace {

//! Runs a function once.
class OnceHandler : public Handler
{
public:
    explicit OnceHandler(std::function<void()> fn) : m_fn(std::move(fn)) {}
    ~OnceHandler() override { OnceHandler::disconnect(); }
    void disconnect() override
    {
        if (auto fn = std::exchange(m_fn, nullptr)) fn();
    }

private:
    std::function<void()> m_fn;
};

//! What handlers end; they may outlive the port.
struct Registered
{
    std::mutex mutex;
    std::map<std::string, const Command*> commands;
    std::vector<std::shared_ptr<Watcher>> watchers;
};

class HoldImpl : public Hold
{
public:
    explicit HoldImpl(std::string label) : m_label(std::move(label)) {}
    std::string label() const override { return m_label; }

private:
    const std::string m_label;
};

class PortImpl : public Port
{
public:
    explicit PortImpl(std::function<std::unique_ptr<Books>(Port&)> make_books) : m_make_books(std::move(make_books)) {}
    ~PortImpl() override
    {
        for (const auto& watcher : watchers()) watcher->closing("port destroyed");
        const std::lock_guard lock(m_registered->mutex);
        m_registered->commands.clear();
    }

    bool configure(int argc, const char* const* argv, std::string& error) override
    {
        for (int i = 0; i < argc; ++i) {
            const std::string arg = argv[i];
            const size_t equals = arg.find('=');
            if (equals == std::string::npos) {
                error = "what is " + arg + "?";
                return false;
            }
            m_document.entries[arg.substr(0, equals)] = arg.substr(equals + 1);
        }
        return argv[argc] == nullptr;
    }
    void open() override { m_books = m_make_books(*this); }
    std::string network() override { return Globals().network; }
    Document document() override { return m_document; }
    void setDocument(const Document& document) override { m_document = document; }

    bool land(const Cargo& cargo, std::optional<int> priority, std::string* why) override
    {
        if (cargo.weight.value > 1000 && priority.value_or(0) < 2) {
            if (why) *why = cargo.label + " is too heavy";
            return false;
        }
        uint32_t count;
        {
            const std::lock_guard lock(m_mutex);
            m_cargos.push_back(cargo);
            count = static_cast<uint32_t>(m_cargos.size());
        }
        for (const auto& watcher : watchers()) watcher->landed(cargo, count);
        return true;
    }
    bool findCargo(const std::string& label, const FoundCargo& found) override
    {
        const std::lock_guard lock(m_mutex);
        for (size_t i = 0; i < m_cargos.size(); ++i) {
            if (m_cargos[i].label != label) continue;
            fill(i, found);
            if (found.m_next && i + 1 < m_cargos.size()) fill(i + 1, *found.m_next);
            return true;
        }
        return false;
    }
    Journal sign(Journal journal, Journal& copy) override
    {
        copy.text += " signed";
        journal.text += " seen";
        return journal;
    }
    Shipment seal(const Shipment& shipment) override
    {
        Shipment sealed = shipment;
        sealed.sealed = !shipment.sealed;
        sealed.marks["seal"] = "red";
        return sealed;
    }
    std::vector<std::shared_ptr<const Manifest>> manifests() override
    {
        return {std::make_shared<const Manifest>("Albatros"), nullptr, std::make_shared<const Manifest>("Delfin")};
    }
    std::shared_ptr<const Manifest> manifest(const std::string& ship) override
    {
        return ship.empty() ? nullptr : std::make_shared<const Manifest>(ship);
    }
    Berth assign(const Berth& wish, Tide tide) override
    {
        return {wish.quay() + 1, wish.name() + (tide == Tide::Flood ? " at flood" : " at ebb")};
    }
    BerthSet berths(const BerthSet& known) override
    {
        BerthSet all = known;
        all.insert(Berth(9, "last"));
        return all;
    }
    std::set<Berth> sorted(const std::vector<Berth>& berths) override { return {berths.begin(), berths.end()}; }
    std::string dictate(const Draft& draft) override { return draft.text; }
    std::pair<std::string, int> busiest() override { return {"north", 7}; }
    std::chrono::milliseconds delay(std::chrono::seconds plus) override { return plus + std::chrono::milliseconds(5); }

    std::string execute(const std::string& name, const Document& args) override
    {
        std::function<std::string(const Document&)> action;
        {
            const std::lock_guard lock(m_registered->mutex);
            const auto& commands = m_registered->commands;
            const auto it = commands.find(name);
            if (it == commands.end()) throw UsageError{"commands: " + std::to_string(commands.size()), 2};
            action = it->second->action;
        }
        return action(args);
    }
    std::unique_ptr<Handler> addCommand(const Command& command) override
    {
        const std::lock_guard lock(m_registered->mutex);
        m_registered->commands[command.name] = &command;
        return std::make_unique<OnceHandler>([registered = m_registered, name = command.name] {
            const std::lock_guard lock(registered->mutex);
            registered->commands.erase(name);
        });
    }
    std::unique_ptr<Handler> watch(std::shared_ptr<Watcher> watcher) override
    {
        const std::lock_guard lock(m_registered->mutex);
        m_registered->watchers.push_back(std::move(watcher));
        return std::make_unique<OnceHandler>([registered = m_registered, raw = m_registered->watchers.back().get()] {
            // Released after the lock: it may be a client, whose end is a call.
            std::shared_ptr<Watcher> gone;
            const std::lock_guard lock(registered->mutex);
            std::erase_if(registered->watchers, [&](std::shared_ptr<Watcher>& watcher) {
                if (watcher.get() != raw) return false;
                gone = std::move(watcher);
                return true;
            });
        });
    }
    void setBell(Bell* bell) override { m_bell = bell; }
    std::string ringBell(int times) override { return m_bell ? m_bell->ring(times) : "no bell"; }
    std::vector<std::unique_ptr<Hold>> holds() override
    {
        std::vector<std::unique_ptr<Hold>> holds;
        holds.push_back(std::make_unique<HoldImpl>("fore"));
        holds.push_back(std::make_unique<HoldImpl>("aft"));
        return holds;
    }
    std::string inspect(Hold& hold) override { return hold.label() + " inspected"; }
    int waitForShip() override
    {
        std::unique_lock lock(m_mutex);
        m_waiting = true;
        m_changed.notify_all();
        m_changed.wait(lock, [&] { return !m_waiting; });
        throw mp::InterruptException("nobody waits any more");
    }
    void interrupt() override
    {
        std::unique_lock lock(m_mutex);
        m_changed.wait(lock, [&] { return m_waiting; });
        m_waiting = false;
        m_changed.notify_all();
    }

    Books& books() override { return *m_books; }
    void forecast() override { Wind() = 7; }
    void sink() override { throw std::runtime_error("glug"); }

private:
    std::vector<std::shared_ptr<Watcher>> watchers()
    {
        const std::lock_guard lock(m_registered->mutex);
        return m_registered->watchers;
    }
    void fill(size_t i, const FoundCargo& found) const
    {
        if (found.m_weight) *found.m_weight = m_cargos[i].weight;
        if (found.m_label) *found.m_label = m_cargos[i].label;
        found.found = true;
    }

    const std::function<std::unique_ptr<Books>(Port&)> m_make_books;
    std::unique_ptr<Books> m_books;
    Document m_document;
    std::mutex m_mutex;
    std::condition_variable m_changed;
    bool m_waiting{false};
    std::vector<Cargo> m_cargos;
    const std::shared_ptr<Registered> m_registered{std::make_shared<Registered>()};
    Bell* m_bell{nullptr};
};

} // namespace

std::unique_ptr<Port> MakePort(std::function<std::unique_ptr<Books>(Port&)> make_books)
{
    return std::make_unique<PortImpl>(std::move(make_books));
}

} // namespace harbor
