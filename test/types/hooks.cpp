#include <types/hooks.capnp.h>
#include <types/hooks.capnp.proxy-types.h>
#include <types/hooks.capnp.proxy.h>

// Hooks that aren't templates, in a file of their own.

namespace mp {

void CustomBuildMessage(InvokeContext& context, const app::Settings& settings,
                        app::messages::Settings::Builder&& builder)
{
    BuildOne<0>(TypeList<app::Settings>(), context, builder, settings);
    using Secret = ProxyStruct<app::messages::Settings>::SecretAccessor;
    StructField<Secret, app::messages::Settings::Builder> secret{builder};
    BuildField(TypeList<std::string>(), context, secret, settings.secret + "!");
}

void CustomReadMessage(InvokeContext& context, const app::messages::Settings::Reader& reader, app::Settings& settings)
{
    using Name = ProxyStruct<app::messages::Settings>::NameAccessor;
    using Secret = ProxyStruct<app::messages::Settings>::SecretAccessor;
    settings.name =
        ReadField(TypeList<std::string>(), context, Make<StructField, Name>(reader), ReadDestTemp<std::string>());
    settings.limit = reader.getLimit();
    ReadField(TypeList<std::string>(), context, Make<StructField, Secret>(reader), ReadDestUpdate(settings.secret));
}

} // namespace mp
