#ifndef HARBOR_CORE_INTERFACES_H
#define HARBOR_CORE_INTERFACES_H

#include "values.h"

#include <atomic>
#include <chrono>
#include <set>

namespace harbor {

//! Options of all processes of one harbor.
struct GlobalOptions
{
    std::string network{"inland"};
    bool quiet{false};
};
GlobalOptions& Globals();

//! What the instruments of this process show.
std::atomic<int>& Wind();

//! Ends something when it is destroyed, or before.
class Handler
{
public:
    virtual ~Handler() = default;
    virtual void disconnect() {}
};

class Watcher
{
public:
    virtual ~Watcher() = default;
    virtual void landed(const Cargo&, uint32_t /*count*/) {}
    virtual void closing(const std::string& /*why*/) {}
};

class Bell
{
public:
    virtual ~Bell() = default;
    virtual std::string ring(int times) = 0;
};

class Hold
{
public:
    virtual ~Hold() = default;
    virtual std::string label() const = 0;
};

class Port;

//! What landed, for good. Runs in a process of its own.
class Books
{
public:
    virtual ~Books() = default;
    //! Record from now on, as the scheduler says.
    virtual void start(Scheduler& scheduler) = 0;
    virtual void record(Cargo cargo) = 0;
    virtual std::vector<Cargo> entries() = 0;
    virtual Outcome<Tons> weightOf(const std::string& label) = 0;
    virtual Outcome<Cargo> take(const std::string& label) = 0;
    virtual std::unique_ptr<Handler> onRecord(std::function<void(const std::string& label, Tons weight)> fn) = 0;
    //! Ask the port.
    virtual Tons audit() = 0;
    virtual int processId() = 0;
};

class Port
{
public:
    virtual ~Port() = default;

    virtual bool configure(int argc, const char* const* argv, std::string& error) = 0;
    virtual void open() = 0;
    virtual std::string network() = 0;
    virtual Document document() = 0;
    virtual void setDocument(const Document& document) = 0;

    virtual bool land(const Cargo& cargo, std::optional<int> priority, std::string* why) = 0;
    virtual bool findCargo(const std::string& label, const FoundCargo& found) = 0;
    virtual Journal sign(Journal journal, Journal& copy) = 0;
    virtual Shipment seal(const Shipment& shipment) = 0;
    virtual std::vector<std::shared_ptr<const Manifest>> manifests() = 0;
    virtual std::shared_ptr<const Manifest> manifest(const std::string& ship) = 0;
    virtual Berth assign(const Berth& wish, Tide tide) = 0;
    virtual BerthSet berths(const BerthSet& known) = 0;
    virtual std::set<Berth> sorted(const std::vector<Berth>& berths) = 0;
    virtual std::string dictate(const Draft& draft) = 0;
    virtual std::pair<std::string, int> busiest() = 0;
    virtual std::chrono::milliseconds delay(std::chrono::seconds plus) = 0;

    //! @throws UsageError, std::exception
    virtual std::string execute(const std::string& name, const Document& args) = 0;
    virtual std::unique_ptr<Handler> addCommand(const Command& command) = 0;
    virtual std::unique_ptr<Handler> watch(std::shared_ptr<Watcher> watcher) = 0;
    virtual void setBell(Bell* bell) = 0;
    virtual std::string ringBell(int times) = 0;
    virtual std::vector<std::unique_ptr<Hold>> holds() = 0;
    virtual std::string inspect(Hold& hold) = 0;
    //! Until somebody interrupts it.
    virtual int waitForShip() = 0;
    virtual void interrupt() = 0;

    //! Of the port, which keeps them.
    virtual Books& books() = 0;
    //! Look at the instruments.
    virtual void forecast() = 0;
    //! Fails with an error that nobody declared.
    virtual void sink() = 0;
};

class Echo
{
public:
    virtual ~Echo() = default;
    virtual std::string echo(const std::string& text) = 0;
};

//! First object of each process.
class Init
{
public:
    virtual ~Init() = default;
    virtual std::unique_ptr<Echo> makeEcho() { return nullptr; }
    virtual std::unique_ptr<Port> makePort() { return nullptr; }
    virtual std::unique_ptr<Books> makeBooks(Port& /*port*/) { return nullptr; }
    //! Serve this object to whoever connects to the socket.
    virtual void listen(const std::string& /*path*/) {}
};

} // namespace harbor

#endif // HARBOR_CORE_INTERFACES_H
