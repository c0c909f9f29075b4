// One chart: curves over a common axis, with a legend. Values are on a logarithmic axis.
#ifndef BENCH_CHART_H
#define BENCH_CHART_H

#include "svg.h"

#include <optional>
#include <string>
#include <vector>

namespace bench {

enum class Marker { circle, square, triangle, diamond, down };

//! Curves can be told apart by each of these alone.
struct Style {
    const char* colour;
    const char* dashes; //!< as SVG wants them; empty for none
    Marker marker;
};

struct Tick {
    double at; //!< in any unit, the same for all ticks of an axis
    std::string text;
};

struct Curve {
    std::string title;
    Style style;
    std::vector<std::optional<double>> values; //!< one for each tick; more than 0, or nothing where there is none
};

struct Chart {
    std::string title;
    std::string x_title;
    std::string y_title;
    std::vector<Tick> ticks; //!< from left to right
    std::vector<Curve> curves;
};

//! What a chart needs, all of it: title, legend and axes.
constexpr double CHART_WIDTH{500};
constexpr double CHART_HEIGHT{390};

//! Draws it with its upper left corner at this spot, as a group of the class "chart".
void DrawChart(Svg& svg, Spot corner, const Chart& chart);

} // namespace bench

#endif // BENCH_CHART_H
