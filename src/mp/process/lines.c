#include <mp/process/lines.h>

#include <string.h>

char *mp_priv_lines_room(struct mp_priv_lines *lines, size_t *ret_room)
{
    /* One more than the longest line: its line break. */
    *ret_room = lines->max + 1 - lines->length;
    return lines->buffer + lines->length;
}

/* The byte behind the text becomes a NUL for the call. */
static void hand_over(char *text, size_t length, bool whole, mp_priv_lines_fn *emit, void *user)
{
    const char behind = text[length];
    text[length] = '\0';
    emit(user, text, length, whole);
    text[length] = behind;
}

void mp_priv_lines_add(struct mp_priv_lines *lines, size_t size, mp_priv_lines_fn *emit, void *user)
{
    const size_t end = lines->length + size;
    size_t begin = 0, search = lines->length;
    char *line_break;
    while ((line_break = memchr(lines->buffer + search, '\n', end - search)) != NULL) {
        const size_t at = (size_t)(line_break - lines->buffer);
        hand_over(lines->buffer + begin, at - begin, true, emit, user);
        begin = search = at + 1;
    }
    if (begin == 0 && end > lines->max) {
        hand_over(lines->buffer, lines->max, false, emit, user);
        begin = lines->max;
    }
    lines->length = end - begin;
    memmove(lines->buffer, lines->buffer + begin, lines->length);
}

void mp_priv_lines_end(struct mp_priv_lines *lines, mp_priv_lines_fn *emit, void *user)
{
    if (lines->length > 0) hand_over(lines->buffer, lines->length, false, emit, user);
    lines->length = 0;
}
