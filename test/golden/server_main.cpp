#include <memory>
#include <names.capnp.h>
#include <names.capnp.proxy.h>
#include <type_traits>

// Links the server half of a schema alone.

static_assert(!std::is_abstract_v<mp::ProxyServer<::Names>>);

//! Not called: there is no connection here. Needs the class complete, and all its methods.
kj::Own<mp::ProxyServer<::Names>> MakeServer(std::shared_ptr<GlobalNames> names, mp::Connection& connection)
{
    return kj::heap<mp::ProxyServer<::Names>>(std::move(names), connection);
}

int main() { return 0; }
