// Does not compile. Each line marked "refused" is to be refused in these words, and those marked "taken" are fine:
// check_refused.cmake compares.

#include <mp/proxy-client.h>
#include <mp/type-chrono.h>
#include <mp/type-interface.h>
#include <mp/type-number.h>
#include <mp/type-optional.h>
#include <mp/type-string.h>
#include <mp/type-variant.h>
#include <mp/type-vector.h>
#include <types/convert.capnp.h>
#include <types/convert.capnp.proxy.h>
#include <types/input.capnp.h>
#include <types/input.capnp.proxy.h>

namespace types {

using Access = mp::ProxyStruct<messages::Fields>;

template <typename Accessor, typename T>
void Build(mp::InvokeContext& context, messages::Fields::Builder fields, T&& value)
{
    mp::BuildField(mp::TypeList<mp::Decay<T>>(), context, mp::Make<mp::StructField, Accessor>(fields),
                   std::forward<T>(value));
}

template <typename Accessor, typename T>
void Read(mp::InvokeContext& context, messages::Fields::Reader fields)
{
    mp::ReadField(mp::TypeList<T>(), context, mp::Make<mp::StructField, Accessor>(fields), mp::ReadDestTemp<T>());
}

//! A field of interface type.
struct ThingOutput
{
    messages::Thing::Client get();
    void set(messages::Thing::Client&&);
};

enum class Wide : uint32_t { Zero };
using Optionals = std::vector<std::optional<int32_t>>;

// clang-format off
void BuildAll(mp::InvokeContext& c, messages::Fields::Builder f)
{
    Build<Access::Int64Accessor>(c, f, int32_t{1}); // taken
    Build<Access::Int32Accessor>(c, f, int64_t{1}); // refused: mismatched integral types
    Build<Access::Int32Accessor>(c, f, uint32_t{1}); // refused: mismatched integral types
    Build<Access::UInt32Accessor>(c, f, int32_t{1}); // refused: mismatched integral types
    Build<Access::UInt64Accessor>(c, f, int8_t{1}); // refused: mismatched integral types
    Build<Access::BoolAccessor>(c, f, int32_t{1}); // refused: mismatched integral types
    Build<Access::Float64Accessor>(c, f, int32_t{1}); // refused: mismatched integral types
    Build<Access::UInt32Accessor>(c, f, Wide::Zero); // taken
    Build<Access::UInt16Accessor>(c, f, Wide::Zero); // refused: mismatched integral/enum types
    Build<Access::ColorAccessor>(c, f, Wide::Zero); // refused: mismatched integral/enum types
    Build<Access::Float64Accessor>(c, f, Wide::Zero); // refused: mismatched integral/enum types
    Build<Access::BoolAccessor>(c, f, true); // taken
    Build<Access::Int32Accessor>(c, f, true); // refused: capnp field type should be Bool for bool parameters. Fix the .capnp schema.
    Build<Access::Float64Accessor>(c, f, 1.0); // taken
    Build<Access::Float32Accessor>(c, f, 1.0); // refused: mismatched floating point types
    Build<Access::Float64Accessor>(c, f, 1.0f); // refused: mismatched floating point types
    Build<Access::Int64Accessor>(c, f, std::chrono::seconds(1)); // taken
    Build<Access::Int32Accessor>(c, f, std::chrono::seconds(1)); // refused: mismatched types: the capnp field can't hold every count
    Build<Access::TextsAccessor>(c, f, std::vector<std::optional<std::string>>()); // taken
    Build<Access::NumbersAccessor>(c, f, Optionals()); // refused: std::optional elements need a list of Text
    Build<Access::ChoiceAccessor>(c, f, std::variant<int32_t, std::string>()); // refused: a std::variant needs a struct with one union
}

void ReadAll(mp::InvokeContext& c, messages::Fields::Reader f)
{
    Read<Access::Int64Accessor, int8_t>(c, f); // taken
    Read<Access::Float32Accessor, double>(c, f); // refused: mismatched floating point types
    Read<Access::NumbersAccessor, Optionals>(c, f); // refused: std::optional elements need a list of Text
}

void PassAll(mp::InvokeContext& c, const std::unique_ptr<Thing>& thing)
{
    mp::ClientResult<std::string>(); // taken
    mp::ClientResult<std::string_view>(); // refused: a method that returns a view can't be called remotely
    mp::ClientResult<std::optional<std::vector<std::string_view>>>(); // refused: a method that returns a view can't be called remotely
    mp::ClientResult<std::pair<int32_t, std::span<const char>>>(); // refused: a method that returns a view can't be called remotely
    mp::ClientResult<std::string&>(); // refused: a method that returns a reference can't be called remotely
    mp::BuildField(mp::TypeList<std::unique_ptr<Thing>>(), c, ThingOutput(), thing); // refused: a const std::unique_ptr can't give its object away
}

} // namespace types
