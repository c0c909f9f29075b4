#include "books.h"

#include <algorithm>
#include <mutex>
#include <unistd.h>

namespace harbor {
namespace {

class BooksImpl : public Books
{
public:
    explicit BooksImpl(Port& port) : m_port(port) {}

    void start(Scheduler& scheduler) override
    {
        scheduler.at(12,
                     [this] { record({.label = "noon gun", .weight = {0}, .grade = {}, .marks = {}, .berth = {}}); });
    }
    void record(Cargo cargo) override
    {
        std::function<void(const std::string&, Tons)> fn;
        {
            const std::lock_guard lock(m_mutex);
            cargo.times_seen += 1;
            m_entries.push_back(cargo);
            fn = m_on_record;
        }
        if (fn) fn(cargo.label, cargo.weight);
    }
    std::vector<Cargo> entries() override
    {
        const std::lock_guard lock(m_mutex);
        return m_entries;
    }
    Outcome<Tons> weightOf(const std::string& label) override
    {
        const std::lock_guard lock(m_mutex);
        const auto it = find(label);
        if (it == m_entries.end()) return Notice{"no such cargo", "keine solche Ladung"};
        return it->weight;
    }
    Outcome<Cargo> take(const std::string& label) override
    {
        const std::lock_guard lock(m_mutex);
        const auto it = find(label);
        if (it == m_entries.end()) return Notice{"no such cargo", "keine solche Ladung"};
        Cargo cargo = *it;
        m_entries.erase(it);
        return cargo;
    }
    std::unique_ptr<Handler> onRecord(std::function<void(const std::string&, Tons)> fn) override
    {
        class Subscription : public Handler
        {
        public:
            explicit Subscription(BooksImpl& books) : m_books(books) {}
            ~Subscription() override { Subscription::disconnect(); }
            void disconnect() override
            {
                std::function<void(const std::string&, Tons)> dropped;
                const std::lock_guard lock(m_books.m_mutex);
                m_books.m_on_record.swap(dropped);
            }

        private:
            BooksImpl& m_books;
        };
        const std::lock_guard lock(m_mutex);
        m_on_record = std::move(fn);
        return std::make_unique<Subscription>(*this);
    }
    Tons audit() override
    {
        Tons weight;
        bool found = m_port.findCargo("grain", FoundCargo().weight(weight));
        return found ? weight : Tons{-1};
    }
    int processId() override { return getpid(); }

private:
    std::vector<Cargo>::iterator find(const std::string& label)
    {
        return std::find_if(m_entries.begin(), m_entries.end(),
                            [&](const Cargo& cargo) { return cargo.label == label; });
    }

    Port& m_port;
    std::mutex m_mutex;
    std::vector<Cargo> m_entries;
    std::function<void(const std::string&, Tons)> m_on_record;
};

} // namespace

std::unique_ptr<Books> MakeBooks(Port& port) { return std::make_unique<BooksImpl>(port); }

} // namespace harbor
