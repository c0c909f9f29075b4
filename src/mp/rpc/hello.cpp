// What the two sides of a connection say of themselves.
#include "errors.h"
#include "features.h"
#include "runtime.h"
#include "thread-server.h"

#include <mp/c/version.h>
#include <mp/connection.h>

namespace mp {

namespace {
constexpr uint32_t VERSION = MP_C_VERSION_MAJOR * 1'000'000 + MP_C_VERSION_MINOR * 1'000 + MP_C_VERSION_PATCH;
constexpr size_t MAX_NAME_BYTES = 256;
} // namespace

void Connection::describeSelf(Hello::Peer::Builder self) const
{
    self.setName(m_loop->m_exe_name);
    self.setVersion(VERSION);
    self.setFeatures(FEATURES);
    self.setAppVersion(m_loop->m_app_version);
}

void Connection::setThreadMap(ThreadMap::Client thread_map)
{
    m_thread_map = kj::mv(thread_map);
    if (m_said_hello || m_peer_info) return;
    m_said_hello = true;
    auto request = m_thread_map.castAs<Hello>().helloRequest();
    describeSelf(request.initSelf());
    // Nobody waits for it, and peers that don't know it are as good.
    m_hello = request.send()
                  .then([this](capnp::Response<Hello::HelloResults>&& response) { meet(response.getSelf()); },
                        [](kj::Exception&&) {})
                  .eagerlyEvaluate([this](kj::Exception&& error) { LogUncaughtTask(*m_loop, error); });
}

void Connection::meet(Hello::Peer::Reader peer)
{
    if (m_peer_info) return;
    const auto name = peer.getName();
    m_peer_info = {.name = std::string(name.begin(), kj::min(name.size(), MAX_NAME_BYTES)),
                   .version = peer.getVersion(),
                   .features = peer.getFeatures(),
                   .app_version = peer.getAppVersion()};
    EventLoop& loop = *m_loop;
    if (!loop.m_check_peer || !loop.m_task_set) return;
    // On no stack of the connection's: the application may close it.
    loop.m_task_set->add(kj::evalLater([this, &loop, alive = alive()] {
        if (!*alive) return;
        const PeerInfo info = *m_peer_info;
        try {
            loop.m_check_peer(info);
        } catch (...) {
            if (*alive) end(DisconnectReason::Local, CurrentExceptionText().c_str());
        }
    }));
}

kj::Promise<void> ProxyServer<ThreadMap>::hello(HelloContext context)
{
    connection().meet(context.getParams().getSelf());
    connection().describeSelf(context.getResults().initSelf());
    return kj::READY_NOW;
}

capnp::Capability::Server::DispatchCallResult
ProxyServer<ThreadMap>::dispatchCall(uint64_t interface_id, uint16_t method_id,
                                     capnp::CallContext<capnp::AnyPointer, capnp::AnyPointer> context)
{
    if (interface_id == capnp::typeId<Hello>()) return Hello::Server::dispatchCall(interface_id, method_id, context);
    return ThreadMap::Server::dispatchCall(interface_id, method_id, context);
}

} // namespace mp
