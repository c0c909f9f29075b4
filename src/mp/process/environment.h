/* A child's environment: a base with edits applied. */
#ifndef MP_PROCESS_ENVIRONMENT_H
#define MP_PROCESS_ENVIRONMENT_H

#include <stddef.h>

/* Edits ("NAME=value" sets, "NAME" removes) and their base are NULL-terminated; edits may be NULL. */

#ifdef _WIN32
/** What CreateProcess takes: in UTF-16, sorted by name, of which the case doesn't count.
 *  base  NULL: this process's environment, which may contain what has no form in UTF-8.
 *  ret_block  freed with free.
 *  Returns 0, MP_ENOMEM, MP_EILSEQ, or another negative status. */
int mp_priv_environment_block(const char *const *base, const char *const *edits, wchar_t **ret_block);
#else
/** Apply the edits.
 *  ret_env  a NULL-terminated array to free; its strings are the base's and the edits'.
 *  Returns 0 or MP_ENOMEM. */
int mp_priv_environment_edit(const char *const *base, const char *const *edits, const char ***ret_env);
#endif

#endif
