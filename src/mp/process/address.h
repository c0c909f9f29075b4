/* The text of an address, taken apart; and what each platform does with it. */
#ifndef MP_PROCESS_ADDRESS_H
#define MP_PROCESS_ADDRESS_H

#include <mp/c/address.h>
#include <mp/process/error.h>

enum mp_priv_address_kind {
    MP_PRIV_ADDRESS_UNIX,
    MP_PRIV_ADDRESS_ABSTRACT,
    MP_PRIV_ADDRESS_TCP,
    MP_PRIV_ADDRESS_INHERITED
};

struct mp_priv_address {
    const char *operation; /* for messages: "listen on" or "connect to" */
    const char *text;      /* the whole address; borrowed */
    const char *name;      /* what follows the kind; points into text */
    enum mp_priv_address_kind kind;
    char host[256]; /* of TCP; without brackets */
    char port[6];
};

/** The system failed: "<operation> '<text>': <text of status>". Returns status. */
int mp_priv_address_fail(const struct mp_priv_address *address, int status, mp_error *reterr);

/** We refuse: "<operation> '<text>': <why>". Returns status. */
int mp_priv_address_refuse(const struct mp_priv_address *address, int status, const char *why, mp_error *reterr);

struct mp_priv_socket_file;

struct mp_listener {
    mp_socket socket;
    char *address;
    struct mp_priv_socket_file *file; /* NULL: there is none that is ours */
};

/** Platform: set the socket, and the address if that is not as it was given. On failure what was set is given up by
 *  the caller. */
int mp_priv_listen(const struct mp_priv_address *address, const mp_listen_options *options, mp_listener *listener,
                   mp_error *reterr);

/** Platform: remove the file. NULL is allowed. */
void mp_priv_socket_file_close(struct mp_priv_socket_file *file);

/** Platform. */
int mp_priv_connect(const struct mp_priv_address *address, int timeout_ms, mp_socket *ret_socket, mp_error *reterr);

/** A copy of text in memory that is freed with free(), or NULL. */
char *mp_priv_copy_text(const char *text);

#endif
