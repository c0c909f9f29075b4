#include <mp/process/error.h>

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* A message cut in the middle of a UTF-8 sequence is not UTF-8 any more. */
static void trim_partial_utf8(char *text)
{
    size_t end = strlen(text);
    size_t start = end;
    while (start > 0 && end - start < 4 && ((unsigned char)text[start - 1] & 0xC0) == 0x80) start--;
    if (start == 0) return;
    const unsigned char lead = (unsigned char)text[start - 1];
    const size_t need = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
    if (end - start < need) text[start - 1] = '\0';
}

static void set(mp_error *reterr, int status, int system_code, mp_stage stage, const char *reason,
                const char *format, va_list args)
{
    if (reterr == NULL) return;
    char message[2 * MP_ERROR_MESSAGE_SIZE] = {0};
    const int length = vsnprintf(message, sizeof(message), format, args);
    const size_t used = length < 0 ? 0 : (size_t)length;
    if (reason != NULL && used < sizeof(message)) {
        snprintf(message + used, sizeof(message) - used, ": %s", reason);
    }
    memset(reterr, 0, sizeof(*reterr));
    reterr->status = status;
    reterr->stage = (int32_t)stage;
    reterr->system_code = system_code;
    memcpy(reterr->message, message, sizeof(reterr->message) - 1);
    trim_partial_utf8(reterr->message);
}

int mp_priv_fail(mp_error *reterr, int status, mp_stage stage, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set(reterr, status, status > -4000 ? -status : 0, stage, mp_status_text(status), format, args);
    va_end(args);
    return status;
}

int mp_priv_fail_code(mp_error *reterr, int status, int system_code, mp_stage stage, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set(reterr, status, system_code, stage, mp_status_text(status), format, args);
    va_end(args);
    return status;
}

int mp_priv_refuse(mp_error *reterr, int status, mp_stage stage, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set(reterr, status, 0, stage, NULL, format, args);
    va_end(args);
    return status;
}

struct mp_priv_quoted mp_priv_quote(const char *text, size_t max)
{
    struct mp_priv_quoted out;
    const size_t length = strlen(text);
    const size_t room = sizeof(out.text) - 3; /* two quotes and the end */
    if (max > room) max = room;

    const bool cut = length > max;
    const char *from = cut ? text + length - (max - 3) : text;
    while (cut && ((unsigned char)*from & 0xC0) == 0x80) from++;

    size_t at = 0;
    out.text[at++] = '\'';
    for (int i = 0; cut && i < 3; i++) out.text[at++] = '.';
    for (; *from != '\0'; from++) {
        const unsigned char c = (unsigned char)*from;
        out.text[at++] = (char)(c < 0x20 || c == 0x7F ? '?' : c);
    }
    out.text[at++] = '\'';
    out.text[at] = '\0';
    return out;
}
