#include <mp/process/environment.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <mp/process/memory.h>
#include <mp/process/system_windows.h>

/* Of the character that begins there. */
static size_t utf8_size(const char *at, size_t most)
{
    const unsigned char lead = (unsigned char)*at;
    const size_t size = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    return size < most ? size : most;
}

int mp_priv_environment_compare(const char *a, const char *b, size_t size)
{
    for (size_t i = 0, n; i < size; i += n) {
        wchar_t x[4], y[4];
        n = utf8_size(a + i, size - i);
        if (n != utf8_size(b + i, size - i)) return 1;
        const int x_size = MultiByteToWideChar(CP_UTF8, 0, a + i, (int)n, x, 4);
        const int y_size = MultiByteToWideChar(CP_UTF8, 0, b + i, (int)n, y, 4);
        if (CompareStringOrdinal(x, x_size, y, y_size, TRUE) != CSTR_EQUAL) return 1;
    }
    return 0;
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

static int name_length(const wchar_t *entry)
{
    return *entry == L'\0' ? 0 : 1 + (int)wcscspn(entry + 1, L"=");
}

static int compare_entries(const void *a, const void *b)
{
    const wchar_t *x = *(const wchar_t *const *)a, *y = *(const wchar_t *const *)b;
    const int order = CompareStringOrdinal(x, name_length(x), y, name_length(y), TRUE) - CSTR_EQUAL;
    /* They lie in memory as they were given. */
    return order != 0 ? order : x < y ? -1 : 1;
}

/* The wide strings behind each other, and a table of them. Returns 0, MP_ENOMEM or MP_EILSEQ. */
static int widen(const char *const *env, size_t n, size_t room, wchar_t *text, const wchar_t **table)
{
    for (size_t i = 0; i < n; i++) {
        const int size = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, env[i], -1, text, (int)room);
        if (size <= 0) return MP_EILSEQ;
        table[i] = text;
        text += size;
        room -= (size_t)size;
    }
    return 0;
}

int mp_priv_environment_block(const char *const *env, wchar_t **ret_block)
{
    size_t n = 0, room = 2; /* an empty block has two NULs */
    for (; env[n] != NULL; n++) room += strlen(env[n]) + 1;
    if (room > INT_MAX) return MP_ENOMEM;
    const wchar_t **table = mp_priv_alloc((n + 1) * sizeof(*table));
    wchar_t *text = mp_priv_alloc(room * sizeof(*text));
    wchar_t *block = mp_priv_alloc(room * sizeof(*block));
    int r = table == NULL || text == NULL || block == NULL ? MP_ENOMEM : widen(env, n, room, text, table);
    if (r == 0) {
        wchar_t *to = block;
        qsort(table, n, sizeof(*table), compare_entries);
        for (size_t i = 0; i < n; i++) {
            /* An empty string would end the block. */
            if (*table[i] != L'\0') to += wcslen(wcscpy(to, table[i])) + 1;
        }
        *ret_block = block;
        block = NULL;
    }
    free(block);
    free(text);
    free((void *)table);
    return r;
}
