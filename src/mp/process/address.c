#include <mp/process/address.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <mp/process/memory.h>
#include <mp/process/options.h>

enum { QUOTED_MAX = 48, PORT_MAX = 65535 };

int mp_priv_address_fail(const struct mp_priv_address *address, int status, mp_error *reterr)
{
    return mp_priv_fail(reterr, status, MP_STAGE_ADDRESS, "%s %s", address->operation,
                        mp_priv_quote(address->text, QUOTED_MAX).text);
}

int mp_priv_address_refuse(const struct mp_priv_address *address, int status, const char *why, mp_error *reterr)
{
    return mp_priv_refuse(reterr, status, MP_STAGE_ADDRESS, "%s %s: %s", address->operation,
                          mp_priv_quote(address->text, QUOTED_MAX).text, why);
}

char *mp_priv_copy_text(const char *text)
{
    const size_t size = strlen(text) + 1;
    char *copy = mp_priv_alloc(size);
    if (copy != NULL) memcpy(copy, text, size);
    return copy;
}

static bool is_port(const char *text)
{
    const size_t length = strspn(text, "0123456789");
    return length > 0 && length < sizeof(((struct mp_priv_address *)0)->port) && text[length] == '\0' &&
           atoi(text) <= PORT_MAX;
}

/* HOST:PORT. Returns NULL or what is wrong. */
static const char *parse_tcp(struct mp_priv_address *address)
{
    const char *colon = strrchr(address->name, ':');
    if (colon == NULL || !is_port(colon + 1)) return "no HOST:PORT with a port from 0 to 65535";
    const char *host = address->name;
    size_t length = (size_t)(colon - host);
    const bool is_bracketed = length >= 2 && host[0] == '[' && colon[-1] == ']';
    if (is_bracketed) {
        host++;
        length -= 2;
    }
    if (length == 0 || length >= sizeof(address->host)) return "no host, or too long a one";
    if ((memchr(host, ':', length) != NULL) != is_bracketed) return "IPv6 addresses, and they only, are in brackets";
    memcpy(address->host, host, length);
    memcpy(address->port, colon + 1, strlen(colon + 1) + 1);
    return NULL;
}

static int parse(const char *operation, const char *text, struct mp_priv_address *ret_address, mp_error *reterr)
{
    static const struct {
        const char *prefix;
        enum mp_priv_address_kind kind;
    } kinds[] = {
        {"unix:", MP_PRIV_ADDRESS_UNIX},
        {"unix-abstract:", MP_PRIV_ADDRESS_ABSTRACT},
        {"tcp:", MP_PRIV_ADDRESS_TCP},
        {"fd:", MP_PRIV_ADDRESS_INHERITED},
    };
    *ret_address = (struct mp_priv_address){.operation = operation, .text = text};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && ret_address->name == NULL; i++) {
        const size_t length = strlen(kinds[i].prefix);
        if (strncmp(text, kinds[i].prefix, length) != 0) continue;
        ret_address->kind = kinds[i].kind;
        ret_address->name = text + length;
    }
    if (strncmp(text, "tls:", 4) == 0) {
        return mp_priv_address_refuse(ret_address, MP_ENOTSUP,
                                      "TLS needs certificates, which only RPC connections have", reterr);
    }
    const char *wrong = NULL;
    if (ret_address->name == NULL) {
        wrong = "neither unix:, unix-abstract:, tcp: nor fd:";
    } else if (*ret_address->name == '\0') {
        wrong = "nothing follows the colon";
    } else if (ret_address->kind == MP_PRIV_ADDRESS_TCP) {
        wrong = parse_tcp(ret_address);
    }
    return wrong == NULL ? 0 : mp_priv_address_refuse(ret_address, MP_EINVAL, wrong, reterr);
}

static int copy_options(mp_listen_options *known, const mp_listen_options *options, mp_error *reterr)
{
    if (options == NULL) return 0;
    if (options->size < sizeof(*known)) {
        return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "listen: no MP_LISTEN_OPTIONS_INIT");
    }
    const int r = mp_priv_options_check_rest("listen", options, sizeof(*known), options->size, reterr);
    if (r < 0) return r;
    if (options->backlog < 0 || options->mode > 0777) {
        return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "listen: a backlog of %d, or a mode of 0%o",
                              (int)options->backlog, (unsigned)options->mode);
    }
    *known = *options;
    return 0;
}

int mp_listener_new(const char *address, const mp_listen_options *options, mp_listener **ret_listener, mp_error *reterr)
{
    if (address == NULL || ret_listener == NULL) {
        return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "listen: an argument is NULL");
    }
    const int saved = errno;
    struct mp_priv_address parsed;
    mp_listen_options known = MP_LISTEN_OPTIONS_INIT;
    int r = parse("listen on", address, &parsed, reterr);
    if (r == 0) r = copy_options(&known, options, reterr);
    if (r < 0) return r;
    if (known.mode == 0) known.mode = 0600;
    mp_listener *listener = mp_priv_alloc(sizeof(*listener));
    if (listener == NULL) return mp_priv_address_fail(&parsed, MP_ENOMEM, reterr);
    listener->socket = MP_SOCKET_INVALID;
    r = mp_priv_listen(&parsed, &known, listener, reterr);
    if (r == 0 && listener->address == NULL) {
        listener->address = mp_priv_copy_text(address);
        if (listener->address == NULL) r = mp_priv_address_fail(&parsed, MP_ENOMEM, reterr);
    }
    errno = saved;
    if (r < 0) {
        mp_listener_close(listener);
        return r;
    }
    *ret_listener = listener;
    return 0;
}

mp_socket mp_listener_socket(const mp_listener *listener)
{
    return listener == NULL ? MP_SOCKET_INVALID : listener->socket;
}

const char *mp_listener_address(const mp_listener *listener)
{
    return listener == NULL ? NULL : listener->address;
}

mp_listener *mp_listener_close(mp_listener *listener)
{
    if (listener == NULL) return NULL;
    const int saved = errno;
    /* While it listens nobody takes the file for a stale one, and puts another in its place. */
    mp_priv_socket_file_close(listener->file);
    (void)mp_socket_close(listener->socket);
    free(listener->address);
    free(listener);
    errno = saved;
    return NULL;
}

int mp_socket_connect(const char *address, int timeout_ms, mp_socket *ret_socket, mp_error *reterr)
{
    if (address == NULL || ret_socket == NULL || timeout_ms < -1) {
        return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "connect: NULL, or a timeout of %d", timeout_ms);
    }
    const int saved = errno;
    struct mp_priv_address parsed;
    int r = parse("connect to", address, &parsed, reterr);
    if (r < 0) return r;
    if (parsed.kind == MP_PRIV_ADDRESS_INHERITED || strcmp(parsed.host, "*") == 0 || strcmp(parsed.port, "0") == 0) {
        return mp_priv_address_refuse(&parsed, MP_EINVAL, "an address only to listen on", reterr);
    }
    r = mp_priv_connect(&parsed, timeout_ms, ret_socket, reterr);
    errno = saved;
    return r;
}
