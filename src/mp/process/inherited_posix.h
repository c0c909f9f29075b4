/* Sockets that a service manager has handed over. */
#ifndef MP_PROCESS_INHERITED_POSIX_H
#define MP_PROCESS_INHERITED_POSIX_H

#include <mp/process/address.h>

/** A duplicate of the socket that has the number or the name of an address. Returns the socket, which the caller closes,
 *  or a negative status. */
int mp_priv_inherited_socket(const struct mp_priv_address *address, mp_error *reterr);

#endif
