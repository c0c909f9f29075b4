#include <mp/process/environment.h>

#include <stdlib.h>
#include <string.h>

#include <mp/process/memory.h>
#include <mp/process/system_windows.h>

int mp_priv_environment_compare(const char *a, const char *b, size_t size)
{
    return _strnicmp(a, b, size);
}

/* The block is strings one behind the other, and an empty one at the end. */
static int convert(const wchar_t *block, const char ***ret_env)
{
    size_t n_strings = 0, n_wide = 0;
    while (block[n_wide] != L'\0') {
        n_wide += wcslen(block + n_wide) + 1;
        n_strings++;
    }
    const int n_bytes = n_wide == 0 ? 0 : WideCharToMultiByte(CP_UTF8, 0, block, (int)n_wide, NULL, 0, NULL, NULL);
    if (n_wide > 0 && n_bytes <= 0) return MP_EILSEQ;
    const size_t table_size = (n_strings + 1) * sizeof(char *);
    char *memory = mp_priv_alloc(table_size + (size_t)n_bytes);
    if (memory == NULL) return MP_ENOMEM;
    const char **env = (const char **)(void *)memory;
    char *text = memory + table_size;
    if (n_bytes > 0) (void)WideCharToMultiByte(CP_UTF8, 0, block, (int)n_wide, text, n_bytes, NULL, NULL);
    for (size_t i = 0; i < n_strings; i++) {
        env[i] = text;
        text += strlen(text) + 1;
    }
    *ret_env = env;
    return 0;
}

int mp_priv_environment_own(const char ***ret_env)
{
    wchar_t *block = GetEnvironmentStringsW();
    if (block == NULL) return mp_priv_status_of(GetLastError());
    const int r = convert(block, ret_env);
    (void)FreeEnvironmentStringsW(block);
    return r;
}
