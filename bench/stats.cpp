#include "stats.h"

#include <algorithm>
#include <cmath>

namespace bench {

uint64_t Percentile(std::vector<uint64_t>& samples, double share)
{
    if (samples.empty()) return 0;
    const double rank = std::ceil(share * static_cast<double>(samples.size()));
    const size_t index = std::clamp<size_t>(static_cast<size_t>(rank), 1, samples.size()) - 1;
    std::nth_element(samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(index), samples.end());
    return samples[index];
}

double Median(std::vector<double> values)
{
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    const size_t middle = values.size() / 2;
    return values.size() % 2 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

} // namespace bench
