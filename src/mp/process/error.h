/* Filling mp_error: one line for each failure, which also returns the status. */
#ifndef MP_PROCESS_ERROR_H
#define MP_PROCESS_ERROR_H

#include <stddef.h>

#include <mp/c/error.h>

#ifdef __MINGW32__
#define MP_PRIV_FORMAT(text, first) __attribute__((format(gnu_printf, text, first)))
#elif defined(__GNUC__)
#define MP_PRIV_FORMAT(text, first) __attribute__((format(printf, text, first)))
#else
#define MP_PRIV_FORMAT(text, first)
#endif

/** The system failed: the message becomes "<format>: <text of status>" and the system code the errno
 *  behind the status. reterr may be NULL. Returns status. */
int mp_priv_fail(mp_error *reterr, int status, mp_stage stage, const char *format, ...) MP_PRIV_FORMAT(4, 5);

/** As mp_priv_fail with a system code that is not -status. */
int mp_priv_fail_code(mp_error *reterr, int status, int system_code, mp_stage stage, const char *format, ...)
    MP_PRIV_FORMAT(5, 6);

/** We refuse: the message is <format> alone and the system code 0. Returns status. */
int mp_priv_refuse(mp_error *reterr, int status, mp_stage stage, const char *format, ...) MP_PRIV_FORMAT(4, 5);

/** An operand in a message: 'text', its tail if it is longer than max characters, nothing unprintable. */
struct mp_priv_quoted {
    char text[96];
};
struct mp_priv_quoted mp_priv_quote(const char *text, size_t max);

#endif
