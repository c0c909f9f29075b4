#ifndef MP_TYPE_CHRONO_H
#define MP_TYPE_CHRONO_H

#include <chrono>
#include <mp/type-number.h>

// Durations as their count, points in time as their count since the clock's epoch.
namespace mp {
namespace detail {

//! The field's number type can hold every count.
template <typename Rep, typename WireType>
constexpr bool HoldsCount()
{
    if constexpr (std::is_integral_v<Rep> && std::is_integral_v<WireType>) {
        return HoldsAll<WireType, Rep>;
    } else {
        return std::is_floating_point_v<WireType> &&
               std::numeric_limits<WireType>::max() >= std::numeric_limits<Rep>::max();
    }
}

//! Whether a count that was received is one of an integer type's values, rounded towards zero.
template <typename Rep, typename WireType>
bool HoldsReceived(WireType value)
{
    if constexpr (std::is_integral_v<WireType>) {
        return Holds<Rep>(value);
    } else {
        // The limits are powers of two, so they are exact; and NaN is not in range.
        const auto end = 2 * static_cast<WireType>(std::numeric_limits<Rep>::max() / 2 + 1);
        const WireType lowest = std::is_signed_v<Rep> ? -end : 0;
        return value < end && (value > lowest - 1 || value == lowest);
    }
}

template <typename Rep, typename Output>
void BuildCount(Rep count, Output&& output)
{
    using WireType = RemoveCvRef<decltype(output.get())>;
    static_assert(HoldsCount<Rep, WireType>(),
                  "mismatched types: the capnp field can't hold every count of the duration");
    output.set(static_cast<WireType>(count));
}

template <typename Rep, typename WireType>
Rep ReadCount(WireType value)
{
    if constexpr (std::is_integral_v<Rep>) {
        if (!HoldsReceived<Rep>(value)) throw std::range_error("out of bound int received");
    }
    return static_cast<Rep>(value);
}

} // namespace detail

template <typename Rep, typename Period, typename Value, typename Output>
void CustomBuildField(TypeList<std::chrono::duration<Rep, Period>>, Priority<1>, InvokeContext&, Value&& value,
                      Output&& output)
{
    detail::BuildCount(value.count(), output);
}

template <typename Clock, typename Duration, typename Value, typename Output>
void CustomBuildField(TypeList<std::chrono::time_point<Clock, Duration>>, Priority<1>, InvokeContext&, Value&& value,
                      Output&& output)
{
    detail::BuildCount(value.time_since_epoch().count(), output);
}

template <typename Rep, typename Period, typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<std::chrono::duration<Rep, Period>>, Priority<1>, InvokeContext&, Input&& input,
                               ReadDest&& read_dest)
{
    return read_dest.construct(std::chrono::duration<Rep, Period>(detail::ReadCount<Rep>(input.get())));
}

template <typename Clock, typename Duration, typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<std::chrono::time_point<Clock, Duration>>, Priority<1>, InvokeContext&,
                               Input&& input, ReadDest&& read_dest)
{
    return read_dest.construct(
        std::chrono::time_point<Clock, Duration>(Duration(detail::ReadCount<typename Duration::rep>(input.get()))));
}

} // namespace mp

#endif // MP_TYPE_CHRONO_H
