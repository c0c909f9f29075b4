// The picture of a report: four charts, each of the library beside plain Cap'n Proto and the bare system.
#ifndef BENCH_PICTURE_H
#define BENCH_PICTURE_H

#include "report.h"

#include <string>
#include <vector>

namespace bench {

//! Names of the rows that it shows.
std::vector<std::string> PictureRows();

//! An SVG file. What wasn't measured is left out.
std::string ToSvg(const Report& report);

} // namespace bench

#endif // BENCH_PICTURE_H
