#include "ipc/init.capnp.proxy-types.h"
#include "ipc/init.capnp.proxy.h"

#include <mp/proxy-types.h>

namespace messages = harbor::ipc::messages;

namespace mp {

::capnp::Void ProxyServerMethodTraits<messages::Init::MakeBooksParams>::invoke(Context& context)
{
    std::shared_ptr<harbor::Port> port;
    context.proxy_server.m_context.loop->sync([&] {
        port = MakeProxyClient<messages::Port, harbor::Port>(context, context.call_context.getParams().getPort());
    });
    std::shared_ptr<harbor::Books> books = context.proxy_server.m_impl->makeBooks(*port);
    if (!books) return {};
    auto server = kj::heap<ProxyServer<messages::Books>>(std::move(books), context.connection);
    // After the books, which use it.
    server->m_context.cleanup_fns.emplace_back([port] {});
    context.call_context.getResults().setResult(kj::mv(server));
    return {};
}

} // namespace mp
