/* An inheritable handle is inherited by every child that another thread starts at that moment without a
 * list of handles. Ours are inheritable copies that live for the CreateProcess call only, and our own
 * children take exactly the handles of their list. */
#include <mp/process/options.h>
#include <mp/process/process_windows.h>

#include <stdlib.h>
#include <string.h>

#include <mp/process/command_line.h>
#include <mp/process/environment.h>
#include <mp/process/job_windows.h>

enum { COMMAND_LINE_MAX = 32767 };

struct launch {
    const mp_spawn_options *options;
    wchar_t *command_line;
    wchar_t *program; /* NULL: searched by the system */
    wchar_t *cwd;
    wchar_t *env;
    HANDLE stdio[3];
    HANDLE list[3]; /* the distinct ones */
    DWORD n_list;
    LPPROC_THREAD_ATTRIBUTE_LIST attributes;
    HANDLE job; /* of a child that leads a group */
};

/* The interpreter of batch files takes the command line apart by rules of its own: quoting for it safely
 * is not possible. */
static bool is_batch_file(const char *program)
{
    size_t length = strlen(program);
    while (length > 0 && (program[length - 1] == ' ' || program[length - 1] == '.')) length--;
    return length > 4 && (_strnicmp(program + length - 4, ".bat", 4) == 0 ||
                          _strnicmp(program + length - 4, ".cmd", 4) == 0);
}

static int make_command_line(struct launch *l)
{
    const size_t length = mp_priv_command_line(l->options->argv, NULL, 0);
    if (length >= COMMAND_LINE_MAX) return MP_E2BIG;
    char *text = malloc(length + 1);
    if (text == NULL) return MP_ENOMEM;
    mp_priv_command_line(l->options->argv, text, length + 1);
    const int r = mp_priv_wide(text, &l->command_line, NULL);
    free(text);
    return r;
}

/* All strings one behind the other, and an empty one at the end. */
static int make_block(struct launch *l, const char *const *env)
{
    size_t used = 0;
    wchar_t *block = calloc(2, sizeof(*block));
    if (block == NULL) return MP_ENOMEM;
    for (const char *const *entry = env; *entry != NULL; entry++) {
        wchar_t *wide;
        size_t count;
        int r = mp_priv_wide(*entry, &wide, &count);
        wchar_t *grown = r < 0 ? NULL : realloc(block, (used + count + 2) * sizeof(*block));
        if (grown == NULL) {
            if (r == 0) free(wide);
            free(block);
            return r < 0 ? r : MP_ENOMEM;
        }
        block = grown;
        memcpy(block + used, wide, count * sizeof(*block));
        used += count;
        block[used] = L'\0';
        free(wide);
    }
    if (used == 0) block[1] = L'\0';
    l->env = block;
    return 0;
}

static int make_env(struct launch *l)
{
    const char **own = NULL, **edited = NULL;
    const char *const *base = l->options->env;
    if (base == NULL && l->options->env_edits == NULL) return 0; /* inherited */
    int r = 0;
    if (base == NULL) {
        r = mp_priv_environment_own(&own);
        base = (const char *const *)own;
    }
    if (r == 0) r = mp_priv_environment_edit(base, l->options->env_edits, &edited);
    if (r == 0) r = make_block(l, (const char *const *)edited);
    free((void *)edited);
    free((void *)own);
    return r;
}

static int make_strings(struct launch *l)
{
    if (is_batch_file(l->options->argv[0])) return MP_ENOEXEC;
    int r = make_command_line(l);
    if (r == 0 && (l->options->flags & MP_SPAWN_NO_PATH_SEARCH) != 0) {
        r = mp_priv_wide(l->options->argv[0], &l->program, NULL);
    }
    if (r == 0 && l->options->cwd != NULL) r = mp_priv_wide(l->options->cwd, &l->cwd, NULL);
    return r < 0 ? r : make_env(l);
}

static HANDLE open_null(void)
{
    SECURITY_ATTRIBUTES inherit = {sizeof(inherit), NULL, TRUE};
    return CreateFileW(L"NUL", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, &inherit,
                       OPEN_EXISTING, 0, NULL);
}

static DWORD make_stdio(struct launch *l, const bool closed[3])
{
    static const DWORD names[] = {STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE};
    const HANDLE self = GetCurrentProcess();
    for (int i = 0; i < 3; i++) {
        const mp_stdio *io = &l->options->stdio[i];
        if (closed[i]) continue;
        if (io->kind == MP_STDIO_NULL) {
            l->stdio[i] = open_null();
            if (l->stdio[i] == INVALID_HANDLE_VALUE) return GetLastError();
        } else {
            const HANDLE source = io->kind == MP_STDIO_HANDLE ? io->handle : GetStdHandle(names[i]);
            if (!DuplicateHandle(self, source, self, &l->stdio[i], 0, TRUE, DUPLICATE_SAME_ACCESS)) {
                return GetLastError();
            }
        }
        l->list[l->n_list++] = l->stdio[i];
    }
    return 0;
}

static DWORD make_attributes(struct launch *l)
{
    SIZE_T size = 0;
    if (l->n_list == 0) return 0;
    (void)InitializeProcThreadAttributeList(NULL, 1, 0, &size);
    LPPROC_THREAD_ATTRIBUTE_LIST attributes = malloc(size);
    if (attributes == NULL) return ERROR_NOT_ENOUGH_MEMORY;
    if (!InitializeProcThreadAttributeList(attributes, 1, 0, &size)) {
        const DWORD code = GetLastError();
        free(attributes);
        return code;
    }
    l->attributes = attributes;
    if (!UpdateProcThreadAttribute(attributes, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, l->list,
                                   l->n_list * sizeof(l->list[0]), NULL, NULL)) {
        return GetLastError();
    }
    return 0;
}

static DWORD create(struct launch *l, PROCESS_INFORMATION *ret_info)
{
    STARTUPINFOEXW startup;
    memset(&startup, 0, sizeof(startup));
    startup.StartupInfo.cb = sizeof(startup);
    startup.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
    startup.StartupInfo.hStdInput = l->stdio[0];
    startup.StartupInfo.hStdOutput = l->stdio[1];
    startup.StartupInfo.hStdError = l->stdio[2];
    startup.lpAttributeList = l->attributes;
    /* Suspended until it is in its jobs: what it starts is in them too. */
    const DWORD flags = CREATE_UNICODE_ENVIRONMENT | EXTENDED_STARTUPINFO_PRESENT | CREATE_SUSPENDED;
    const BOOL inherit = l->n_list > 0;
    return CreateProcessW(l->program, l->command_line, NULL, NULL, inherit, flags, l->env, l->cwd,
                          &startup.StartupInfo, ret_info)
               ? 0
               : GetLastError();
}

static DWORD enter_jobs(struct launch *l, HANDLE child)
{
    DWORD code = 0;
    if ((l->options->flags & MP_SPAWN_DIE_WITH_PARENT) != 0) code = mp_priv_job_die_with_us(child);
    if (code == 0 && (l->options->flags & MP_SPAWN_OWN_GROUP) != 0) code = mp_priv_job_make(child, &l->job);
    return code;
}

static int start(struct launch *l, mp_process *process, const char *program, mp_error *reterr)
{
    PROCESS_INFORMATION info;
    DWORD code = create(l, &info);
    if (code != 0) return MP_PRIV_FAIL_SYSTEM(reterr, code, MP_STAGE_EXEC, "spawn %s", program);
    int r = 0;
    code = enter_jobs(l, info.hProcess);
    if (code != 0) {
        r = MP_PRIV_FAIL_SYSTEM(reterr, code, MP_STAGE_GROUP, "spawn %s: job", program);
    } else if (ResumeThread(info.hThread) == (DWORD)-1) {
        r = MP_PRIV_FAIL_SYSTEM(reterr, GetLastError(), MP_STAGE_EXEC, "spawn %s: start", program);
    }
    mp_priv_close(info.hThread);
    if (r < 0) {
        (void)TerminateProcess(info.hProcess, 1);
        mp_priv_close(info.hProcess);
        return r;
    }
    mp_priv_process_set_child(process, l->options->flags, info.hProcess, info.dwProcessId, l->job);
    l->job = NULL;
    return 0;
}

static int launch(struct launch *l, const bool closed[3], mp_process **ret_process, mp_error *reterr)
{
    const struct mp_priv_quoted program = mp_priv_quote(l->options->argv[0], 60);
    int r = make_strings(l);
    if (r < 0) return mp_priv_fail_code(reterr, r, 0, MP_STAGE_EXEC, "spawn %s", program.text);
    DWORD code = make_stdio(l, closed);
    if (code != 0) return MP_PRIV_FAIL_SYSTEM(reterr, code, MP_STAGE_STDIO, "spawn %s: stdio", program.text);
    code = make_attributes(l);
    if (code != 0) return MP_PRIV_FAIL_SYSTEM(reterr, code, MP_STAGE_FORK, "spawn %s: handles", program.text);
    mp_process *process = mp_priv_process_new();
    if (process == NULL) return mp_priv_fail(reterr, MP_ENOMEM, MP_STAGE_MEMORY, "spawn %s", program.text);
    r = start(l, process, program.text, reterr);
    if (r < 0) {
        free(process);
        return r;
    }
    *ret_process = process;
    return 0;
}

int mp_priv_launch_child(const struct mp_priv_spawn *spawn, mp_process **ret_process, mp_error *reterr)
{
    struct launch l;
    memset(&l, 0, sizeof(l));
    l.options = &spawn->options;
    const int r = launch(&l, spawn->stdio_closed, ret_process, reterr);
    if (l.attributes != NULL) DeleteProcThreadAttributeList(l.attributes);
    free(l.attributes);
    for (int i = 0; i < 3; i++) mp_priv_close(l.stdio[i]);
    mp_priv_close(l.job);
    free(l.command_line);
    free(l.program);
    free(l.cwd);
    free(l.env);
    return r;
}
