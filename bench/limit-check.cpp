#include "limit-check.h"

#include "report.capnp.h"
#include "rows.h"

#include <algorithm>
#include <capnp/compat/json.h>
#include <capnp/message.h>
#include <capnp/schema.h>
#include <cmath>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace bench {
namespace {

using schema::Field;

std::string ReadFile(const std::string& path)
{
    std::ifstream file{path};
    std::string text{std::istreambuf_iterator<char>{file}, {}};
    if (!file || text.empty()) throw std::runtime_error(path + ": can't be read");
    return text;
}

double FigureOf(const Line& line, Field field)
{
    switch (field) {
    case Field::RATIO: return line.ratio.median;
    case Field::P50: return line.p50;
    case Field::P99: return line.p99;
    case Field::TAIL: return line.p50 > 0 ? line.p99 / line.p50 : 0;
    case Field::PER_SECOND: return line.per_second;
    case Field::CPU: return line.cpu;
    case Field::VALUE: break;
    }
    return 0;
}

//! Nothing when the row has no such figure.
std::optional<double> ValueOf(const Line& line, Field field)
{
    const double figure = FigureOf(line, field);
    if (figure == 0) return std::nullopt;
    return figure;
}

std::optional<double> ValueOf(const Counted& counted, Field field)
{
    if (field == Field::VALUE) return counted.value;
    if (field == Field::RATIO && counted.plain) return counted.ratio();
    return std::nullopt;
}

//! How much more than what was recorded a figure may be.
constexpr double MARGIN{1.05};

double MaxOf(schema::Limit::Reader limit)
{
    return std::isnan(limit.getRecorded()) ? limit.getMax() : std::min(limit.getMax(), limit.getRecorded() * MARGIN);
}

enum class Outcome { met, missed, not_selected };

template <typename Item>
Outcome CheckItem(const std::vector<Item>& items, schema::Limit::Reader limit, FILE* file)
{
    const std::string name = limit.getRow();
    const auto item = std::find_if(items.begin(), items.end(), [&](const Item& i) { return i.name == name; });
    if (item == items.end()) return Outcome::not_selected;
    const auto enumerant = capnp::Schema::from<Field>().getEnumerants()[static_cast<uint16_t>(limit.getField())];
    const std::string what = name + " " + enumerant.getProto().getName().cStr();
    const std::optional<double> value = ValueOf(*item, limit.getField());
    if (!item->skipped.empty() || !value) {
        const std::string why = item->skipped.empty() ? "this row has no such figure" : item->skipped;
        std::fprintf(file, "missed: %s: not measured (%s)\n", what.c_str(), why.c_str());
        return Outcome::missed;
    }
    if (*value > MaxOf(limit)) {
        std::fprintf(file, "missed: %s: measured %.4g, limit at most %.4g\n", what.c_str(), *value, MaxOf(limit));
    } else if (*value < limit.getMin()) {
        std::fprintf(file, "missed: %s: measured %.4g, limit at least %.4g\n", what.c_str(), *value, limit.getMin());
    } else {
        return Outcome::met;
    }
    return Outcome::missed;
}

void Validate(capnp::List<schema::Limit>::Reader limits)
{
    const std::vector<std::string> names = RowNames();
    for (const auto limit : limits) {
        const std::string name = limit.getRow();
        if (std::find(names.begin(), names.end(), name) == names.end()) {
            throw std::runtime_error("there is no row '" + name + "'");
        }
        if (!std::isfinite(MaxOf(limit)) && !std::isfinite(limit.getMin())) {
            throw std::runtime_error("the limit of '" + name + "' has no max, min or recorded");
        }
    }
}

} // namespace

struct Limits::State {
    capnp::MallocMessageBuilder message;
    schema::Limits::Builder root{message.initRoot<schema::Limits>()};
};

Limits::Limits(const std::string& path) : m_state{std::make_unique<State>()}
{
    const std::string text = ReadFile(path);
    try {
        capnp::JsonCodec json;
        json.setRejectUnknownFields(true);
        json.decode(kj::arrayPtr(text.data(), text.size()), m_state->root);
        Validate(m_state->root.asReader().getFree());
        Validate(m_state->root.asReader().getPinned());
    } catch (const kj::Exception& e) {
        throw std::runtime_error(path + ": " + e.getDescription().cStr());
    } catch (const std::exception& e) {
        throw std::runtime_error(path + ": " + e.what());
    }
}

Limits::~Limits() = default;

bool Limits::check(const Report& report, FILE* file) const
{
    const auto root = m_state->root.asReader();
    unsigned met = 0, missed = 0, left_out = 0;
    for (const auto limit : report.mode == "pinned" ? root.getPinned() : root.getFree()) {
        Outcome outcome = CheckItem(report.lines, limit, file);
        if (outcome == Outcome::not_selected) outcome = CheckItem(report.counted, limit, file);
        ++(outcome == Outcome::met ? met : outcome == Outcome::missed ? missed : left_out);
    }
    std::fprintf(file, "limits (%s): %u met, %u missed", report.mode.c_str(), met, missed);
    if (left_out > 0) std::fprintf(file, ", %u of rows that were not selected", left_out);
    std::fprintf(file, "\n");
    return missed == 0;
}

} // namespace bench
