// Into a message and out again.

#include "thing.capnp.h"
#include "thing.capnp.proxy-types.h"

#include <capnp/message.h>
#include <mp/proxy-types.h>
#include <mp/version.h>

static_assert(MP_MAJOR_VERSION >= 14);

int main()
{
    mp::EventLoop loop("program", mp::LogOptions{});
    auto pipe = loop.m_io_context.provider->newTwoWayPipe();
    auto connection = std::make_unique<mp::Connection>(loop, kj::mv(pipe.ends[0]));
    mp::InvokeContext context{*connection};
    capnp::MallocMessageBuilder message;
    auto builder = message.initRoot<messages::Thing>();
    mp::BuildField(mp::TypeList<Thing>(), context, mp::ValueField(builder), Thing{"anchor"});
    const auto reader = builder.asReader();
    Thing thing;
    mp::ReadField(mp::TypeList<Thing>(), context, mp::Make<mp::ValueField>(reader), mp::ReadDestUpdate(thing));
    loop.m_task_set->add(
        loop.m_io_context.provider->getTimer().afterDelay(0 * kj::MILLISECONDS).then([&] { connection.reset(); }));
    loop.loop();
    return thing.name == "anchor" ? 0 : 1;
}
