#define _GNU_SOURCE
#include <mp/process/environment.h>

#include <stdbool.h>
#include <string.h>

#include <mp/c/status.h>
#include <mp/process/memory.h>

static bool same_name(const char *a, const char *b)
{
    const size_t size = strcspn(a, "=");
    return size == strcspn(b, "=") && memcmp(a, b, size) == 0;
}

static size_t count(const char *const *entries)
{
    size_t n = 0;
    while (entries != NULL && entries[n] != NULL) n++;
    return n;
}

/* A name that is there more than once goes as a whole. Returns how many stay. */
static size_t remove_name(const char **env, size_t n, const char *edit)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (!same_name(env[i], edit)) env[kept++] = env[i];
    }
    return kept;
}

int mp_priv_environment_edit(const char *const *base, const char *const *edits, const char ***ret_env)
{
    size_t n = count(base);
    const char **env = mp_priv_alloc((n + count(edits) + 1) * sizeof(*env));
    if (env == NULL) return MP_ENOMEM;
    if (n > 0) memcpy(env, base, n * sizeof(*env));
    for (size_t i = 0; edits != NULL && edits[i] != NULL; i++) {
        n = remove_name(env, n, edits[i]);
        if (strchr(edits[i], '=') != NULL) env[n++] = edits[i];
    }
    env[n] = NULL;
    *ret_env = env;
    return 0;
}
