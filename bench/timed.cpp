#include "timed.h"

#include "stats.h"

#include <algorithm>
#include <fstream>
#include <stdexcept>

namespace bench {
namespace {

constexpr uint64_t CALIBRATION_CALLS{16};
constexpr uint32_t WARM_UP_CALLS{200};
//! Calls faster than this are never measured less often than others, however little time there is.
constexpr uint64_t FAST_NS{1'300'000};
//! Calls that go on at once share a round's time among them: they need more to get into their stride.
constexpr uint64_t AT_ONCE_FACTOR{4};

uint64_t AvailableMemory()
{
    std::ifstream info{"/proc/meminfo"};
    std::string key;
    uint64_t kib = 0;
    for (std::string rest; info >> key >> kib; std::getline(info, rest)) {
        if (key == "MemAvailable:") return kib * 1024;
    }
    return 0;
}

//! The pairs that are running, by kind.
class Pairs
{
public:
    Pair& get(const std::string& kind) { return m_pairs.try_emplace(kind, kind).first->second; }
    bool has(const std::string& kind) const { return m_pairs.count(kind) > 0; }
    void end(const std::string& kind) { m_pairs.erase(kind); }

private:
    std::map<std::string, Pair> m_pairs;
};

Command MakeCommand(const TimedRow& row, uint64_t calls)
{
    Command command = Command::Make(row.op, std::min<uint64_t>(calls, SharedArea::MAX_SAMPLES));
    command.size = row.size;
    command.threads = row.threads;
    command.in_flight = row.in_flight;
    command.pace_ns = row.pace_us * 1000;
    command.warm_up = WARM_UP_CALLS;
    return command;
}

std::vector<uint64_t> Samples(const Pair& pair, const Reply& reply)
{
    return {pair.area().samples, pair.area().samples + reply.count};
}

//! How many calls of this row to measure in one round.
uint64_t PlanCalls(Pair& pair, const TimedRow& row, const Effort& effort)
{
    if (row.threads > 1 || row.in_flight > 1) return effort.calls * AT_ONCE_FACTOR;
    if (row.pace_us) return effort.calls / 2;
    Command calibration = MakeCommand(row, CALIBRATION_CALLS);
    std::vector<uint64_t> samples = Samples(pair, pair.run(calibration));
    const uint64_t typical = std::max<uint64_t>(Percentile(samples, 0.5), 1);
    const uint64_t least = typical < FAST_NS ? effort.calls / 2 : effort.min_calls;
    return std::clamp(effort.budget_ns / typical, least, effort.calls);
}

void MeasureRound(Pair& pair, uint64_t calls, TimedResult& result)
{
    const Reply reply = pair.run(MakeCommand(result.row, calls));
    std::vector<uint64_t> samples = Samples(pair, reply);
    result.samples.insert(result.samples.end(), samples.begin(), samples.end());
    const double count = static_cast<double>(reply.count);
    result.round_p50.push_back(static_cast<double>(Percentile(samples, 0.5)) / 1e3);
    result.round_p99.push_back(static_cast<double>(Percentile(samples, 0.99)) / 1e3);
    result.round_rate.push_back(count / (static_cast<double>(reply.elapsed_ns) / 1e9));
    result.round_cpu.push_back(static_cast<double>(reply.cpu_ns) / 1e3 / count);
}

//! Adds what a row lacks that turned out faster than its calibration; the rounds' figures stay as they are.
void TopUp(Pair& pair, TimedResult& result)
{
    const size_t count = result.samples.size();
    if (count >= MIN_SAMPLES || Percentile(result.samples, 0.5) >= 1'000'000) return;
    const Reply reply = pair.run(MakeCommand(result.row, MIN_SAMPLES - count));
    result.samples.insert(result.samples.end(), pair.area().samples, pair.area().samples + reply.count);
}

//! Does something with the row's pair, unless the row was given up. A failure gives it up, and ends the pair, of whose
//! state nothing is known then; other rows of that kind get a new one.
template <typename Step>
void Attempt(Pairs& pairs, TimedResult& result, Step&& step)
{
    if (!result.skipped.empty()) return;
    const std::string& kind = result.row.kind;
    try {
        step(pairs.get(kind));
    } catch (const std::exception& e) {
        pairs.end(kind);
        result = {result.row, {}, {}, {}, {}, {}, e.what(), true};
    }
}

std::vector<double> TimedResult::*FiguresOf(Compare compare)
{
    switch (compare) {
    case Compare::latency: return &TimedResult::round_p50;
    case Compare::tail: return &TimedResult::round_p99;
    case Compare::throughput: break;
    }
    return &TimedResult::round_rate;
}

} // namespace

std::vector<TimedResult> MeasureTimed(const std::vector<TimedRow>& rows, const Effort& effort,
                                      const std::function<void(const std::string&)>& progress)
{
    Pairs pairs;
    std::vector<TimedResult> results(rows.size());
    std::vector<uint64_t> calls(rows.size());
    std::vector<size_t> order;
    for (size_t i = 0; i < rows.size(); ++i) {
        results[i].row = rows[i];
        if (!pairs.has(rows[i].kind) && rows[i].memory > AvailableMemory()) {
            results[i].skipped = "not enough memory available";
            continue;
        }
        progress("starting " + rows[i].name);
        Attempt(pairs, results[i], [&](Pair& pair) { calls[i] = PlanCalls(pair, rows[i], effort); });
        order.push_back(i);
    }
    for (unsigned round = 0; round < effort.rounds; ++round) {
        for (const size_t i : order) {
            const std::string number = std::to_string(round + 1) + " of " + std::to_string(effort.rounds);
            progress("round " + number + ": " + rows[i].name);
            Attempt(pairs, results[i], [&](Pair& pair) { MeasureRound(pair, calls[i], results[i]); });
        }
        // A row's neighbours change sides, in case one of them leaves something behind.
        std::reverse(order.begin(), order.end());
    }
    if (effort.calls * effort.rounds >= MIN_SAMPLES) {
        for (const size_t i : order) {
            Attempt(pairs, results[i], [&](Pair& pair) { TopUp(pair, results[i]); });
        }
    }
    return results;
}

Ratio CompareRounds(const TimedResult& result, const TimedResult& base)
{
    const auto figures = FiguresOf(result.row.compare);
    const std::vector<double>& ours = result.*figures;
    const std::vector<double>& theirs = base.*figures;
    std::vector<double> ratios;
    for (size_t i = 0; i < std::min(ours.size(), theirs.size()); ++i) {
        if (theirs[i] > 0) ratios.push_back(ours[i] / theirs[i]);
    }
    if (ratios.empty()) return {};
    const auto [low, high] = std::minmax_element(ratios.begin(), ratios.end());
    return {Median(ratios), *low, *high};
}

} // namespace bench
