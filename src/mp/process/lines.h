/* Putting lines together from what comes in pieces. */
#ifndef MP_PROCESS_LINES_H
#define MP_PROCESS_LINES_H

#include <stdbool.h>
#include <stddef.h>

struct mp_priv_lines {
    char *buffer; /* room for max + 1 bytes */
    size_t max;   /* the longest line */
    size_t length;
};

/** @param whole  the line has ended */
typedef void mp_priv_lines_fn(void *user, const char *text, size_t length, bool whole);

/** Where the next bytes are to be put: at least one, at most *ret_room. */
char *mp_priv_lines_room(struct mp_priv_lines *lines, size_t *ret_room);

/** So many bytes were put there: hand over what is complete now. */
void mp_priv_lines_add(struct mp_priv_lines *lines, size_t size, mp_priv_lines_fn *emit, void *user);

/** Nothing follows: hand over the rest, if there is one. */
void mp_priv_lines_end(struct mp_priv_lines *lines, mp_priv_lines_fn *emit, void *user);

#endif
