// Conversions that probe.capnp uses.
#ifndef MP_TEST_RPC_SUPPORT_PROBE_TYPES_H
#define MP_TEST_RPC_SUPPORT_PROBE_TYPES_H

#include <mp/proxy-io.h>
#include <mp/proxy-types.h>
#include <mp/type-pointer.h>
#include <mutex>
#include <rpc/support/service-types.h>
#include <stdexcept>

namespace mp::test {

//! One use of a conversion of Traced.
struct Conversion
{
    const EventLoop* loop;
    std::string what;
    bool on_loop;
};

//! All of them, in order.
class Conversions
{
public:
    static void add(InvokeContext& context, const char* what, int32_t number)
    {
        EventLoop& loop = *context.connection.m_loop;
        const std::lock_guard lock(mutex());
        all().push_back({&loop, what + std::to_string(number), loop.isLoopThread()});
    }
    //! Those of one loop. Forgets all.
    static std::vector<Conversion> take(const EventLoop& loop)
    {
        const std::lock_guard lock(mutex());
        std::vector<Conversion> taken;
        taken.swap(all());
        std::erase_if(taken, [&](const Conversion& conversion) { return conversion.loop != &loop; });
        return taken;
    }

private:
    static std::mutex& mutex()
    {
        static std::mutex mutex;
        return mutex;
    }
    static std::vector<Conversion>& all()
    {
        static std::vector<Conversion> all;
        return all;
    }
};

// What tests put in: called before a badge is built, and when a Traced is read.
inline std::function<void(InvokeContext&, Badge&)> g_on_badge;
inline std::function<void()> g_on_traced;

} // namespace mp::test

namespace mp {

template <typename Value, typename Output>
void CustomBuildField(TypeList<test::Traced>, Priority<1>, InvokeContext& context, Value&& value, Output&& output)
{
    test::Conversions::add(context, "build ", value.number);
    output.set(value.number);
}

template <typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<test::Traced>, Priority<1>, InvokeContext& context, Input&& input,
                               ReadDest&& read_dest)
{
    const int32_t number = input.get();
    test::Conversions::add(context, "read ", number);
    if (test::g_on_traced) test::g_on_traced();
    if (number < 0) throw std::out_of_range("negative");
    return read_dest.update([&](auto& value) { value.number = number; });
}

//! Calls a remote object, unless there is a text already.
template <typename Value, typename Output>
void CustomBuildField(TypeList<test::Badge>, Priority<1>, InvokeContext& context, Value&& value, Output&& output)
{
    if (test::g_on_badge) test::g_on_badge(context, value);
    if (value.text.empty()) {
        value.text = "badge of " + value.guest->name();
        if (!context.connection.m_loop->isLoopThread()) throw std::logic_error("the loop was lost");
    }
    output.set(value.text.c_str());
}

template <typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<test::Badge>, Priority<1>, InvokeContext&, Input&& input, ReadDest&& read_dest)
{
    return read_dest.construct(test::Badge{nullptr, input.get().cStr()});
}

template <typename Value, typename Output>
void CustomBuildField(TypeList<test::Pinned>, Priority<1>, InvokeContext&, Value&& value, Output&& output)
{
    output.set(value.text.c_str());
}

template <typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<test::Pinned>, Priority<1>, InvokeContext&, Input&& input, ReadDest&& read_dest)
{
    return read_dest.construct(test::Pinned{nullptr, input.get().cStr()});
}

//! Calls the object that it makes a client of.
template <>
inline std::unique_ptr<test::Guest>
CustomMakeProxyClient<test::messages::Guest, test::Guest>(InvokeContext& context, test::messages::Guest::Client&& client)
{
    auto guest = std::make_unique<ProxyClient<test::messages::Guest>>(kj::mv(client), &context.connection, false);
    if (guest->name().empty()) throw std::invalid_argument("no name");
    return guest;
}

} // namespace mp

#endif // MP_TEST_RPC_SUPPORT_PROBE_TYPES_H
