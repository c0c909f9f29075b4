#include <memory>
#include <names.capnp.h>
#include <names.capnp.proxy.h>
#include <type_traits>

// Links the client half of a schema alone.

static_assert(!std::is_abstract_v<mp::ProxyClient<::Names::Inner>>);

//! Not called: there is no connection here. Needs the class complete, and all its methods.
std::unique_ptr<GlobalInner> MakeClient(::Names::Inner::Client client, mp::Connection& connection)
{
    return std::make_unique<mp::ProxyClient<::Names::Inner>>(kj::mv(client), &connection, false);
}

int main() { return 0; }
