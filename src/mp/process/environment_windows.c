/* A block of an environment is strings one behind the other, and an empty one at the end. */
#include <mp/process/environment.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <mp/process/memory.h>
#include <mp/process/system_windows.h>

static const wchar_t *behind(const wchar_t *entry)
{
    return entry + wcslen(entry) + 1;
}

/* The strings, which may be NULL, as a block. */
static int widen(const char *const *strings, wchar_t **ret_block)
{
    size_t room = 1;
    for (size_t i = 0; strings != NULL && strings[i] != NULL; i++) room += strlen(strings[i]) + 1;
    wchar_t *block = room > INT_MAX ? NULL : mp_priv_alloc(room * sizeof(*block));
    if (block == NULL) return MP_ENOMEM;
    wchar_t *to = block;
    for (size_t i = 0; strings != NULL && strings[i] != NULL; i++) {
        if (strings[i][0] == '\0') continue; /* it would end the block */
        const int size = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, strings[i], -1, to, (int)room);
        if (size <= 0) {
            free(block);
            return MP_EILSEQ;
        }
        to += size;
        room -= (size_t)size;
    }
    *ret_block = block;
    return 0;
}

/* The system keeps variables whose names begin with '='. */
static int name_length(const wchar_t *entry)
{
    return 1 + (int)wcscspn(entry + 1, L"=");
}

static int compare_names(const wchar_t *a, const wchar_t *b)
{
    return CompareStringOrdinal(a, name_length(a), b, name_length(b), TRUE) - CSTR_EQUAL;
}

static int compare_entries(const void *a, const void *b)
{
    const wchar_t *x = *(const wchar_t *const *)a, *y = *(const wchar_t *const *)b;
    const int order = compare_names(x, y);
    /* Those of one name are of one block, and lie there as they were given. */
    return order != 0 ? order : x < y ? -1 : 1;
}

/* A name that is there more than once goes as a whole. Returns how many there are then. */
static size_t apply(const wchar_t *edit, const wchar_t **table, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (compare_names(table[i], edit) != 0) table[kept++] = table[i];
    }
    if (wcschr(edit, L'=') != NULL) table[kept++] = edit;
    return kept;
}

static int merge(const wchar_t *base, const wchar_t *edits, wchar_t **ret_block)
{
    size_t n = 1;
    const wchar_t *base_end = base, *edits_end = edits;
    for (; *base_end != L'\0'; base_end = behind(base_end)) n++;
    for (; *edits_end != L'\0'; edits_end = behind(edits_end)) n++;
    const wchar_t **table = mp_priv_alloc(n * sizeof(*table));
    /* An empty block has two NULs. */
    wchar_t *block = mp_priv_alloc((size_t)(base_end - base + edits_end - edits + 2) * sizeof(*block));
    if (table == NULL || block == NULL) {
        free((void *)table);
        free(block);
        return MP_ENOMEM;
    }
    n = 0;
    for (const wchar_t *entry = base; *entry != L'\0'; entry = behind(entry)) table[n++] = entry;
    for (const wchar_t *edit = edits; *edit != L'\0'; edit = behind(edit)) n = apply(edit, table, n);
    qsort((void *)table, n, sizeof(*table), compare_entries);
    wchar_t *to = block;
    for (size_t i = 0; i < n; i++) to += wcslen(wcscpy(to, table[i])) + 1;
    free((void *)table);
    *ret_block = block;
    return 0;
}

int mp_priv_environment_block(const char *const *base, const char *const *edits, wchar_t **ret_block)
{
    wchar_t *given = NULL, *own = NULL, *wide_edits = NULL;
    int r = widen(edits, &wide_edits);
    if (r == 0 && base != NULL) {
        r = widen(base, &given);
    } else if (r == 0) {
        own = GetEnvironmentStringsW();
        if (own == NULL) r = mp_priv_status_of(GetLastError());
    }
    if (r == 0) r = merge(base != NULL ? given : own, wide_edits, ret_block);
    if (own != NULL) (void)FreeEnvironmentStringsW(own);
    free(given);
    free(wide_edits);
    return r;
}
