#ifndef HARBOR_CORE_PORT_H
#define HARBOR_CORE_PORT_H

#include "interfaces.h"

namespace harbor {

//! @param make_books  called when the port opens
std::unique_ptr<Port> MakePort(std::function<std::unique_ptr<Books>(Port&)> make_books);

} // namespace harbor

#endif // HARBOR_CORE_PORT_H
