/* CreateProcess itself would look in this program's directory and in the current one first, and take a relative path
 * as the parent's. */
#include <mp/process/program_windows.h>

#include <stdlib.h>
#include <string.h>

struct search {
    const wchar_t *name;
    wchar_t *path; /* the file that is looked at */
};

static const wchar_t extension[] = L".exe";

static bool is_only_a_name(const wchar_t *name)
{
    return wcspbrk(name, L"\\/:") == NULL;
}

static bool is_relative(const wchar_t *name)
{
    return wcschr(L"\\/", name[0]) == NULL && wcschr(name, L':') == NULL;
}

/* The interpreter of batch files takes the command line apart by rules of its own: quoting for it safely
 * is not possible. */
static bool is_batch_file(const wchar_t *path)
{
    const size_t length = wcslen(path);
    return length > 4 && (_wcsicmp(path + length - 4, L".bat") == 0 || _wcsicmp(path + length - 4, L".cmd") == 0);
}

/* Returns the system's code. */
static DWORD look_at(const wchar_t *path)
{
    const DWORD attributes = GetFileAttributesW(path);
    if (attributes == INVALID_FILE_ATTRIBUTES) return GetLastError();
    return (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0 ? ERROR_ACCESS_DENIED : 0;
}

static bool has_extension(const wchar_t *name)
{
    const wchar_t *dot = wcsrchr(name, L'.');
    return dot != NULL && is_only_a_name(dot);
}

/* In a directory that path begins with already. A name without an extension is first of all that of a .exe. */
static DWORD look_in(struct search *s, size_t directory_length)
{
    wchar_t *name = s->path + directory_length;
    const bool is_complete = has_extension(s->name);
    DWORD code = ERROR_FILE_NOT_FOUND;
    if (directory_length > 0) *name++ = L'\\';
    for (int i = 0; i < 2; i++) {
        wcscpy(name, s->name);
        if (is_complete == (i == 1)) wcscat(name, extension);
        const DWORD found = look_at(s->path);
        if (found == 0) return 0;
        if (i == 0 || found == ERROR_ACCESS_DENIED) code = found;
    }
    return code;
}

/* A directory's name may be in quotes, and contain a semicolon then. */
static DWORD look_in_all(struct search *s, const wchar_t *directories)
{
    while (*directories != L'\0') {
        size_t length = 0;
        bool is_quoted = false;
        for (; *directories != L'\0' && (is_quoted || *directories != L';'); directories++) {
            if (*directories == L'"') {
                is_quoted = !is_quoted;
            } else {
                s->path[length++] = *directories;
            }
        }
        if (*directories == L';') directories++;
        if (length > 0 && look_in(s, length) == 0) return 0;
    }
    return ERROR_FILE_NOT_FOUND;
}

/* NULL: there is no memory. Empty if it isn't set. */
static wchar_t *search_path(void)
{
    DWORD size = 1;
    for (;;) {
        wchar_t *path = calloc(size, sizeof(*path));
        if (path == NULL) return NULL;
        const DWORD needed = GetEnvironmentVariableW(L"PATH", path, size);
        if (needed < size) return path;
        free(path);
        size = needed;
    }
}

/* Takes directories, which may be NULL, over. Returns the system's code. */
static DWORD look_for(const wchar_t *name, wchar_t *directories, bool in_all, wchar_t **ret_path)
{
    if (directories == NULL) return ERROR_NOT_ENOUGH_MEMORY;
    const size_t length = wcslen(directories);
    struct search s = {name, calloc(length + wcslen(name) + sizeof(extension), sizeof(wchar_t))};
    DWORD code = ERROR_NOT_ENOUGH_MEMORY;
    if (s.path != NULL && in_all) {
        code = look_in_all(&s, directories);
    } else if (s.path != NULL) {
        wcscpy(s.path, directories);
        code = look_in(&s, length);
    }
    free(directories);
    if (code == 0) {
        *ret_path = s.path;
    } else {
        free(s.path);
    }
    return code;
}

/* Takes path over. Returns the system's code. */
static DWORD make_absolute(wchar_t *path, wchar_t **ret_path)
{
    DWORD code = ERROR_NOT_ENOUGH_MEMORY;
    const DWORD size = GetFullPathNameW(path, 0, NULL, NULL);
    wchar_t *absolute = size == 0 ? NULL : malloc(size * sizeof(*absolute));
    if (size == 0) code = GetLastError();
    if (absolute != NULL) {
        const DWORD length = GetFullPathNameW(path, size, absolute, NULL);
        /* Longer than before: the current directory has changed meanwhile. */
        code = length == 0 ? GetLastError() : length >= size ? ERROR_PATH_NOT_FOUND : 0;
    }
    free(path);
    if (code != 0) {
        free(absolute);
        return code;
    }
    *ret_path = absolute;
    return 0;
}

static DWORD find(const mp_spawn_options *options, const wchar_t *name, wchar_t **ret_path)
{
    const bool in_path = is_only_a_name(name) && (options->flags & MP_SPAWN_NO_PATH_SEARCH) == 0;
    wchar_t *directories = NULL, *path = NULL;
    if (name[0] == L'\0') return ERROR_FILE_NOT_FOUND;
    if (in_path) {
        directories = search_path();
    } else if (options->cwd != NULL && is_relative(name)) {
        if (mp_priv_wide(options->cwd, &directories, NULL) < 0) return ERROR_NOT_ENOUGH_MEMORY;
    } else {
        directories = calloc(1, sizeof(*directories));
    }
    const DWORD code = look_for(name, directories, in_path, &path);
    return code != 0 ? code : make_absolute(path, ret_path);
}

int mp_priv_program_find(const mp_spawn_options *options, wchar_t **ret_path, DWORD *ret_code)
{
    wchar_t *name, *path = NULL;
    *ret_code = 0;
    const int r = mp_priv_wide(options->argv[0], &name, NULL);
    if (r < 0) return r;
    *ret_code = find(options, name, &path);
    free(name);
    if (*ret_code != 0) return mp_priv_status_of(*ret_code);
    if (is_batch_file(path)) {
        free(path);
        return MP_ENOEXEC;
    }
    *ret_path = path;
    return 0;
}

int mp_priv_directory_check(const wchar_t *path, DWORD *ret_code)
{
    const DWORD attributes = GetFileAttributesW(path);
    *ret_code = attributes == INVALID_FILE_ATTRIBUTES ? GetLastError() : 0;
    if (*ret_code != 0) return mp_priv_status_of(*ret_code);
    if ((attributes & FILE_ATTRIBUTE_DIRECTORY) != 0) return 0;
    *ret_code = ERROR_DIRECTORY;
    return MP_ENOTDIR;
}
