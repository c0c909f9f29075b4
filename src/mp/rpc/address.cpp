#include "errors.h"

#include <algorithm>
#include <limits>
#include <mp/address.h>
#include <mp/c/address.h>

namespace mp::detail {

SocketId ConnectSocket(const std::string& address, std::chrono::milliseconds timeout)
{
    using std::chrono::milliseconds;
    const auto limit = std::clamp(timeout, milliseconds(0), milliseconds(std::numeric_limits<int>::max() - 1));
    mp_socket socket;
    mp_error error;
    if (mp_socket_connect(address.c_str(), static_cast<int>(limit.count()), &socket, &error) < 0) ThrowSystemError(error);
    return socket;
}

} // namespace mp::detail
