/* TCP by host and port. */
#ifndef MP_PROCESS_TCP_POSIX_H
#define MP_PROCESS_TCP_POSIX_H

#include <stdint.h>

#include <mp/process/address.h>

/** Both return a socket, which the caller closes, or a negative status. deadline: mp_priv_now_ms, or INT64_MAX. */
int mp_priv_tcp_listen(const struct mp_priv_address *address, int backlog, mp_error *reterr);
int mp_priv_tcp_connect(const struct mp_priv_address *address, int64_t deadline, mp_error *reterr);

#endif
