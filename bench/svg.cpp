#include "svg.h"

#include <cmath>
#include <cstdio>

namespace bench {
namespace {

//! With one digit after the point, if any.
std::string Number(double value)
{
    char text[32];
    const double rounded = std::round(value * 10) / 10;
    std::snprintf(text, sizeof(text), rounded == std::floor(rounded) ? "%.0f" : "%.1f", rounded);
    return text;
}

std::string Attribute(const char* name, double value) { return std::string{" "} + name + "=\"" + Number(value) + "\""; }

std::string Points(const std::vector<Spot>& spots)
{
    std::string text;
    for (const Spot& spot : spots) text += (text.empty() ? "" : " ") + Number(spot.x) + "," + Number(spot.y);
    return " points=\"" + text + "\"";
}

std::string Escape(const std::string& text)
{
    std::string escaped;
    for (const char c : text) {
        switch (c) {
        case '&': escaped += "&amp;"; break;
        case '<': escaped += "&lt;"; break;
        case '>': escaped += "&gt;"; break;
        case '"': escaped += "&quot;"; break;
        default: escaped += c;
        }
    }
    return escaped;
}

const char* Name(Svg::Anchor anchor)
{
    switch (anchor) {
    case Svg::Anchor::middle: return "middle";
    case Svg::Anchor::end: return "end";
    case Svg::Anchor::start: break;
    }
    return "start";
}

} // namespace

Svg::Svg(double width, double height)
{
    m_text = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + Number(width) + " " + Number(height) + "\"" +
             Attribute("width", width) + Attribute("height", height) +
             " font-family=\"sans-serif\" font-size=\"12\">\n";
    m_text += "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n";
}

void Svg::beginGroup(const std::string& attributes) { m_text += "<g " + attributes + ">\n"; }

void Svg::endGroup() { m_text += "</g>\n"; }

void Svg::line(Spot from, Spot to, const std::string& attributes)
{
    m_text += "<line" + Attribute("x1", from.x) + Attribute("y1", from.y) + Attribute("x2", to.x) +
              Attribute("y2", to.y) + " " + attributes + "/>\n";
}

void Svg::polyline(const std::vector<Spot>& spots, const std::string& attributes)
{
    m_text += "<polyline fill=\"none\"" + Points(spots) + " " + attributes + "/>\n";
}

void Svg::polygon(const std::vector<Spot>& corners, const std::string& attributes)
{
    m_text += "<polygon" + Points(corners) + " " + attributes + "/>\n";
}

void Svg::circle(Spot centre, double radius, const std::string& attributes)
{
    m_text += "<circle" + Attribute("cx", centre.x) + Attribute("cy", centre.y) + Attribute("r", radius) + " " +
              attributes + "/>\n";
}

void Svg::text(Spot spot, Anchor anchor, const std::string& text, const std::string& attributes)
{
    m_text += "<text" + Attribute("x", spot.x) + Attribute("y", spot.y);
    if (anchor != Anchor::start) m_text += std::string{" text-anchor=\""} + Name(anchor) + "\"";
    if (!attributes.empty()) m_text += " " + attributes;
    m_text += ">" + Escape(text) + "</text>\n";
}

void Svg::textUpwards(Spot spot, const std::string& label)
{
    const std::string where = Number(spot.x) + " " + Number(spot.y);
    text(spot, Anchor::middle, label, "transform=\"rotate(-90 " + where + ")\"");
}

std::string Svg::finish() const { return m_text + "</svg>\n"; }

} // namespace bench
