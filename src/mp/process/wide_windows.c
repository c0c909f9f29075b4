#include <mp/process/system_windows.h>

#include <stdlib.h>

int mp_priv_wide(const char *text, wchar_t **ret_wide, size_t *ret_count)
{
    const int count = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, NULL, 0);
    if (count <= 0) return MP_EILSEQ;
    wchar_t *wide = malloc((size_t)count * sizeof(*wide));
    if (wide == NULL) return MP_ENOMEM;
    if (MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, wide, count) != count) {
        free(wide);
        return MP_EILSEQ;
    }
    *ret_wide = wide;
    if (ret_count != NULL) *ret_count = (size_t)count;
    return 0;
}
