/* A child's environment: a base with edits applied. */
#ifndef MP_PROCESS_ENVIRONMENT_H
#define MP_PROCESS_ENVIRONMENT_H

#include <stddef.h>

/** Apply edits ("NAME=value" sets, "NAME" removes) to a base, both NULL-terminated; edits may be NULL.
 *  ret_env  a NULL-terminated array to free; its strings are the base's and the edits'.
 *  Returns 0 or MP_ENOMEM. */
int mp_priv_environment_edit(const char *const *base, const char *const *edits, const char ***ret_env);

#ifdef _WIN32
/** This process's environment in UTF-8.
 *  ret_env  a NULL-terminated array to free; its strings lie in the same memory.
 *  Returns 0, MP_ENOMEM or MP_EILSEQ. */
int mp_priv_environment_own(const char ***ret_env);

/** What CreateProcess takes: in UTF-16, sorted by name. Freed with free. Returns 0, MP_ENOMEM or MP_EILSEQ. */
int mp_priv_environment_block(const char *const *env, wchar_t **ret_block);
#endif

/** Compare the first characters of two names of variables as the system does: 0 if they are equal. Platform. */
int mp_priv_environment_compare(const char *a, const char *b, size_t size);

#endif
