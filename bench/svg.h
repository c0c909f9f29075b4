// Text of an SVG file, element by element.
#ifndef BENCH_SVG_H
#define BENCH_SVG_H

#include <string>
#include <vector>

namespace bench {

struct Spot {
    double x;
    double y;
};

class Svg
{
public:
    enum class Anchor { start, middle, end };

    //! Of this size, with a white background, so that a dark page around it changes nothing.
    Svg(double width, double height);

    //! What follows is a group of its own until endGroup(). Attributes are text like `class="panel"`, here and below.
    void beginGroup(const std::string& attributes);
    void endGroup();

    void line(Spot from, Spot to, const std::string& attributes);
    void polyline(const std::vector<Spot>& spots, const std::string& attributes);
    void polygon(const std::vector<Spot>& corners, const std::string& attributes);
    void circle(Spot centre, double radius, const std::string& attributes);
    //! Any text: it is escaped.
    void text(Spot spot, Anchor anchor, const std::string& text, const std::string& attributes = {});
    //! From the bottom to the top, its middle on the spot.
    void textUpwards(Spot spot, const std::string& text);

    //! The whole file.
    std::string finish() const;

private:
    std::string m_text;
};

} // namespace bench

#endif // BENCH_SVG_H
