#ifndef HARBOR_CORE_BOOKS_H
#define HARBOR_CORE_BOOKS_H

#include "interfaces.h"

namespace harbor {

//! @param port  outlives them
std::unique_ptr<Books> MakeBooks(Port& port);

} // namespace harbor

#endif // HARBOR_CORE_BOOKS_H
