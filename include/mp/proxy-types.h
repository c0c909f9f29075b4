#ifndef MP_PROXY_TYPES_H
#define MP_PROXY_TYPES_H

#include <exception>
#include <map>
#include <mp/proxy-client.h>
#include <mp/proxy-convert.h>
#include <mp/proxy-io.h>
#include <mp/proxy-server.h>
#include <optional>
#include <set>
#include <typeindex>
#include <vector>

namespace mp {

//! Finds the ProxyContext of the client behind a wrapped C++ class: for cleanup functions, for its connection.
struct ProxyTypeRegister
{
    using Types = std::map<std::type_index, ProxyContext& (*)(void*)>;

    template <typename Interface>
    ProxyTypeRegister(TypeList<Interface>)
    {
        types().emplace(typeid(Interface), [](void* object) -> ProxyContext& {
            return static_cast<typename ProxyType<Interface>::Client&>(*static_cast<Interface*>(object)).m_context;
        });
    }

    //! By typeid of the class; the functions take a pointer to it. Complete once static objects are initialized.
    static Types& types()
    {
        static Types s_types;
        return s_types;
    }
};

} // namespace mp

#endif // MP_PROXY_TYPES_H
