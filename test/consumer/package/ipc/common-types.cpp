#include "ipc/common.capnp.proxy-types.h"
#include "ipc/common.capnp.proxy.h"

#include <mp/proxy-types.h>

namespace messages = harbor::ipc::messages;

namespace mp {

void CustomBuildMessage(InvokeContext& invoke_context, const harbor::Shipment& src, messages::Cargo::Builder&& builder)
{
    BuildOne<0>(TypeList<harbor::Cargo>(), invoke_context, builder, static_cast<const harbor::Cargo&>(src));
    Make<StructField, ProxyStruct<messages::Cargo>::SealedAccessor>(builder).set(src.sealed);
}

void CustomReadMessage(InvokeContext& invoke_context, const messages::Cargo::Reader& reader, harbor::Shipment& dest)
{
    auto& cargo = static_cast<harbor::Cargo&>(dest);
    ReadField(TypeList<harbor::Cargo>(), invoke_context, Make<ValueField>(reader), ReadDestUpdate(cargo));
    dest.sealed = reader.getSealed();
}

} // namespace mp
