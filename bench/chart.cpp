#include "chart.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string_view>

namespace bench {
namespace {

using Anchor = Svg::Anchor;

// What is where in a chart, from its upper left corner.
constexpr double TITLE_Y{22};
constexpr double LEGEND_Y{44};
constexpr double LEGEND_ROW{18};
constexpr size_t LEGEND_COLUMNS{3};
constexpr double LEFT{72};
constexpr double RIGHT{CHART_WIDTH - 16};
constexpr double TOP{78};
constexpr double BOTTOM{CHART_HEIGHT - 48};
//! Between the frame and the first and last tick.
constexpr double MARGIN{20};

constexpr const char* GRID{"stroke=\"#ddd\""};
constexpr const char* TICK_TEXT{"font-size=\"11\""};
constexpr double MARKER_SIZE{4};

//! As people write it: 12,345.
std::string Grouped(double value)
{
    char text[32];
    std::snprintf(text, sizeof(text), value < 1 ? "%g" : "%.0f", value);
    const std::string_view digits{text};
    if (value < 1) return text;
    std::string grouped;
    for (size_t i = 0; i < digits.size(); ++i) {
        if (i > 0 && (digits.size() - i) % 3 == 0) grouped += ',';
        grouped += digits[i];
    }
    return grouped;
}

//! A logarithmic axis with lines at 1, 2 and 5 times each power of ten, from one of them to another.
class Scale
{
public:
    explicit Scale(const std::vector<Curve>& curves)
    {
        std::vector<double> values;
        for (const Curve& curve : curves) {
            for (const std::optional<double>& value : curve.values) {
                if (value) values.push_back(*value);
            }
        }
        if (values.empty()) values = {1, 10};
        const auto [low, high] = std::minmax_element(values.begin(), values.end());
        for (double power = std::pow(10, std::floor(std::log10(*low))); m_lines.empty() || m_lines.back() < *high;
             power *= 10) {
            for (const double step : {1, 2, 5}) {
                const double line = step * power;
                if (line <= *low) m_lines.clear();
                if (m_lines.empty() || m_lines.back() < *high) m_lines.push_back(line);
            }
        }
        if (m_lines.size() < 2) m_lines.push_back(m_lines.back() * 10);
    }

    const std::vector<double>& lines() const { return m_lines; }

    //! 0 at the lower end, 1 at the upper one.
    double share(double value) const
    {
        return std::log(value / m_lines.front()) / std::log(m_lines.back() / m_lines.front());
    }

private:
    std::vector<double> m_lines;
};

//! Places values of one chart.
class Plot
{
public:
    Plot(Spot corner, const Chart& chart) : m_corner{corner}, m_ticks{chart.ticks}, m_scale{chart.curves} {}

    const Scale& scale() const { return m_scale; }
    Spot at(double x, double y) const { return {m_corner.x + x, m_corner.y + y}; }
    double x(const Tick& tick) const
    {
        const double share = (tick.at - m_ticks.front().at) / (m_ticks.back().at - m_ticks.front().at);
        return LEFT + MARGIN + share * (RIGHT - LEFT - 2 * MARGIN);
    }
    double y(double value) const { return BOTTOM - m_scale.share(value) * (BOTTOM - TOP); }

private:
    Spot m_corner;
    const std::vector<Tick>& m_ticks;
    Scale m_scale;
};

void DrawMarker(Svg& svg, Spot spot, const Style& style)
{
    const auto [x, y] = spot;
    constexpr double r{MARKER_SIZE};
    const std::string fill = std::string{"fill=\""} + style.colour + "\"";
    switch (style.marker) {
    case Marker::circle: svg.circle(spot, r, fill); break;
    case Marker::square: svg.polygon({{x - r, y - r}, {x + r, y - r}, {x + r, y + r}, {x - r, y + r}}, fill); break;
    case Marker::triangle: svg.polygon({{x, y - r - 1}, {x + r + 1, y + r}, {x - r - 1, y + r}}, fill); break;
    case Marker::diamond: svg.polygon({{x, y - r - 1}, {x + r + 1, y}, {x, y + r + 1}, {x - r - 1, y}}, fill); break;
    case Marker::down: svg.polygon({{x, y + r + 1}, {x + r + 1, y - r}, {x - r - 1, y - r}}, fill); break;
    }
}

std::string Stroke(const Style& style)
{
    std::string stroke = std::string{"stroke=\""} + style.colour + "\" stroke-width=\"2\"";
    if (*style.dashes) stroke += std::string{" stroke-dasharray=\""} + style.dashes + "\"";
    return stroke;
}

void DrawAxes(Svg& svg, const Plot& plot, const Chart& chart)
{
    for (const double line : plot.scale().lines()) {
        const double y = plot.y(line);
        svg.line(plot.at(LEFT, y), plot.at(RIGHT, y), GRID);
        svg.text(plot.at(LEFT - 6, y + 4), Anchor::end, Grouped(line), TICK_TEXT);
    }
    for (const Tick& tick : chart.ticks) {
        const double x = plot.x(tick);
        svg.line(plot.at(x, TOP), plot.at(x, BOTTOM), GRID);
        svg.text(plot.at(x, BOTTOM + 16), Anchor::middle, tick.text, TICK_TEXT);
    }
    svg.line(plot.at(LEFT, BOTTOM), plot.at(RIGHT, BOTTOM), "stroke=\"#000\"");
    svg.line(plot.at(LEFT, TOP), plot.at(LEFT, BOTTOM), "stroke=\"#000\"");
    svg.text(plot.at((LEFT + RIGHT) / 2, BOTTOM + 36), Anchor::middle, chart.x_title);
    svg.textUpwards(plot.at(14, (TOP + BOTTOM) / 2), chart.y_title);
}

//! Where a value is missing, the curve has a gap.
void DrawCurve(Svg& svg, const Plot& plot, const Chart& chart, const Curve& curve)
{
    std::vector<Spot> run;
    const auto end_run = [&] {
        if (run.size() > 1) svg.polyline(run, Stroke(curve.style));
        for (const Spot& spot : run) DrawMarker(svg, spot, curve.style);
        run.clear();
    };
    for (size_t i = 0; i < chart.ticks.size(); ++i) {
        if (curve.values[i]) {
            run.push_back(plot.at(plot.x(chart.ticks[i]), plot.y(*curve.values[i])));
        } else {
            end_run();
        }
    }
    end_run();
}

void DrawLegend(Svg& svg, const Plot& plot, const std::vector<Curve>& curves)
{
    constexpr double LENGTH{30};
    const double column = (CHART_WIDTH - 2 * MARGIN) / LEGEND_COLUMNS;
    for (size_t i = 0; i < curves.size(); ++i) {
        const Curve& curve = curves[i];
        const bool measured = std::any_of(curve.values.begin(), curve.values.end(), [](const auto& v) { return !!v; });
        const double x = MARGIN + static_cast<double>(i % LEGEND_COLUMNS) * column;
        const double y = LEGEND_Y + static_cast<double>(i / LEGEND_COLUMNS) * LEGEND_ROW;
        svg.line(plot.at(x, y), plot.at(x + LENGTH, y), Stroke(curve.style));
        DrawMarker(svg, plot.at(x + LENGTH / 2, y), curve.style);
        svg.text(plot.at(x + LENGTH + 6, y + 4), Anchor::start, curve.title + (measured ? "" : ": none"));
    }
}

} // namespace

void DrawChart(Svg& svg, Spot corner, const Chart& chart)
{
    const Plot plot{corner, chart};
    svg.beginGroup("class=\"chart\"");
    svg.text(plot.at(CHART_WIDTH / 2, TITLE_Y), Anchor::middle, chart.title, "font-size=\"14\" font-weight=\"bold\"");
    DrawLegend(svg, plot, chart.curves);
    DrawAxes(svg, plot, chart);
    for (const Curve& curve : chart.curves) DrawCurve(svg, plot, chart, curve);
    svg.endGroup();
}

} // namespace bench
