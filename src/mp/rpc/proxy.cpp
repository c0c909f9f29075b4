#include "async-cleanup.h"
#include "errors.h"
#include "fault.h"
#include "reactor.h"
#include "runtime.h"

#include <cstdlib>
#ifdef __GNUG__
#include <cxxabi.h>
#endif
#include <kj/debug.h>
#include <mp/connection.h>
#include <mp/lent-objects.h>
#include <mp/proxy-invoke.h>

namespace mp {

ProxyContext::ProxyContext(Connection* connection)
    : connection(connection), loop(*connection->m_loop), m_connection_state(connection->state())
{
}

bool ProxyContext::beginDestroy()
{
    const size_t own = ServerRequest::isRunning(*this) ? 1 : 0;
    bool unused = false;
    loop->call([&] {
        m_destroyed = true;
        unused = m_uses == own;
    });
    return unused || MP_FAULT(DestroysObjectsInUse);
}

namespace {
std::string TypeName(const std::type_info& type)
{
    std::string name = type.name();
#ifdef __GNUG__
    int status = 0;
    if (char* const readable = abi::__cxa_demangle(type.name(), nullptr, nullptr, &status)) {
        name = readable;
        std::free(readable);
    }
#endif
    return name;
}
} // namespace

void LogObject(const ProxyContext& context, const char* what, const std::type_info& type, const void* object)
{
    MP_LOG(*context.loop, Log::Debug) << what << " " << TypeName(type) << " " << object;
}

void ProxyClientLink::attach(ProxyContext& context, capnp::Capability::Client& capability, DestroyFn destroy,
                             void* client, bool owned)
{
    context.loop->call([&] {
        context.m_link = context.connection->addSyncCleanup([&context, &capability] {
            // The connection goes first: nothing can be called any more.
            const capnp::Capability::Client released(kj::mv(capability));
            context.connection = nullptr;
        });
    });
    context.cleanup_fns.emplace_front([&context, &capability, destroy, client, owned] {
        try {
            destroy(client);
        } catch (...) {
            MP_LOG(*context.loop, Log::Warning) << "Remote destroy call failed during cleanup. Continuing.";
        }
        release(context, capability, owned);
    });
}

void ProxyClientLink::release(ProxyContext& context, capnp::Capability::Client& capability, bool owned)
{
    context.loop->call([&] {
        const capnp::Capability::Client released(kj::mv(capability));
        Connection* const connection = context.connection;
        if (connection == nullptr) return;
        context.connection = nullptr;
        connection->removeSyncCleanup(context.m_link);
        if (owned) delete connection;
    });
}

void ProxyClientLink::abandon(ProxyContext& context, capnp::Capability::Client& capability, bool owned) noexcept
{
    try {
        release(context, capability, owned && !MP_FAULT(LeaksFailedConnection));
    } catch (...) {
        MP_LOG(*context.loop, Log::Error) << "Uncaught exception in cleanup: " << CurrentExceptionText();
    }
}

void ProxyClientLink::cleanup(ProxyContext& context, const std::type_info& type, void* client) noexcept
{
    LogObject(context, "IPC client destroy", type, client);
    LogObject(context, "Cleaning up", type, client);
    KJ_DEFER(LogObject(context, "Destroying", type, client));
    while (!context.cleanup_fns.empty()) {
        try {
            CleanupRun(context.cleanup_fns);
        } catch (...) {
            MP_LOG(*context.loop, Log::Error) << "Uncaught exception in cleanup: " << CurrentExceptionText();
        }
    }
}

void OpenServer(ProxyContext& context, const std::type_info& type, const void* server)
{
    LogObject(context, "Creating", type, server);
    if (!context.m_connection_state->alive) return;
    Connection& connection = *context.connection;
    connection.addObject();
    if (connection.m_lending) connection.m_lending->add(context);
}

void CleanupServer(ProxyContext& context, std::shared_ptr<void> impl, const std::type_info& type, void* server)
{
    LogObject(context, "IPC server destroy", type, server);
    LogObject(context, "Cleaning up", type, server);
    KJ_DEFER(LogObject(context, "Destroying", type, server));
    if (context.m_connection_state->alive) context.connection->removeObject();
    if (context.m_lent) context.m_lent->remove(context);
    if (!impl && context.cleanup_fns.empty()) return;
    // A user's destructor may block or make calls, which the loop's owner must not.
    AsyncCleanupOf(*context.loop).add(
        context.m_connection_state,
        [loop = &*context.loop, impl = std::move(impl), fns = std::make_shared<CleanupList>(std::move(context.cleanup_fns))]() mutable {
            impl.reset();
            while (!fns->empty()) {
                try {
                    CleanupRun(*fns);
                } catch (...) {
                    MP_LOG(*loop, Log::Error) << "Uncaught exception in cleanup: " << CurrentExceptionText();
                }
            }
        });
}

} // namespace mp
