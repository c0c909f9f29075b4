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
#include <mp/process/program_windows.h>

enum { COMMAND_LINE_MAX = 32767 }; /* characters, the NUL among them */
enum { OPERAND_MAX = 30 };         /* two of them fit into a message */

struct launch {
    const mp_spawn_options *options;
    wchar_t *command_line;
    wchar_t *program;
    wchar_t *cwd;
    wchar_t *env;
    HANDLE stdio[3];
    HANDLE list[3]; /* the distinct ones */
    DWORD n_list;
    HANDLE jobs[2];
    DWORD n_jobs;
    LPPROC_THREAD_ATTRIBUTE_LIST attributes;
    HANDLE job; /* of a child that leads a group */
};

static int make_command_line(struct launch *l)
{
    const size_t size = mp_priv_command_line(l->options->argv, NULL, 0) + 1;
    size_t count;
    char *text = malloc(size);
    if (text == NULL) return MP_ENOMEM;
    mp_priv_command_line(l->options->argv, text, size);
    const int r = mp_priv_wide(text, &l->command_line, &count);
    free(text);
    return r == 0 && count > COMMAND_LINE_MAX ? MP_E2BIG : r;
}

static int make_env(struct launch *l)
{
    if (l->options->env == NULL && l->options->env_edits == NULL) return 0; /* inherited */
    return mp_priv_environment_block(l->options->env, l->options->env_edits, &l->env);
}

static int make_strings(struct launch *l)
{
    int r = make_command_line(l);
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
            const HANDLE source = io->kind == MP_STDIO_INHERIT ? GetStdHandle(names[i]) : io->handle;
            if (!DuplicateHandle(self, source, self, &l->stdio[i], 0, TRUE, DUPLICATE_SAME_ACCESS)) {
                return GetLastError();
            }
        }
        l->list[l->n_list++] = l->stdio[i];
    }
    return 0;
}

static DWORD join_ours(struct launch *l)
{
    if ((l->options->flags & MP_SPAWN_DIE_WITH_PARENT) == 0) return 0;
    return mp_priv_job_of_ours(&l->jobs[l->n_jobs++]);
}

static DWORD make_group(struct launch *l)
{
    if ((l->options->flags & MP_SPAWN_OWN_GROUP) == 0) return 0;
    const DWORD code = mp_priv_job_make(&l->job);
    l->jobs[l->n_jobs++] = l->job;
    return code;
}

static DWORD add_attribute(struct launch *l, DWORD_PTR which, HANDLE *handles, DWORD count)
{
    if (count == 0) return 0;
    const BOOL done = UpdateProcThreadAttribute(l->attributes, 0, which, handles, count * sizeof(*handles), NULL, NULL);
    return done ? 0 : GetLastError();
}

static DWORD make_attributes(struct launch *l)
{
    SIZE_T size = 0;
    const DWORD count = (l->n_list > 0) + (l->n_jobs > 0);
    if (count == 0) return 0;
    (void)InitializeProcThreadAttributeList(NULL, count, 0, &size);
    LPPROC_THREAD_ATTRIBUTE_LIST attributes = malloc(size);
    if (attributes == NULL) return ERROR_NOT_ENOUGH_MEMORY;
    if (!InitializeProcThreadAttributeList(attributes, count, 0, &size)) {
        const DWORD code = GetLastError();
        free(attributes);
        return code;
    }
    l->attributes = attributes;
    const DWORD code = add_attribute(l, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, l->list, l->n_list);
    return code != 0 ? code : add_attribute(l, PROC_THREAD_ATTRIBUTE_JOB_LIST, l->jobs, l->n_jobs);
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
    DWORD flags = CREATE_UNICODE_ENVIRONMENT | EXTENDED_STARTUPINFO_PRESENT;
    if ((l->options->flags & MP_SPAWN_OWN_GROUP) != 0) flags |= CREATE_NEW_PROCESS_GROUP; /* no Ctrl-C */
    const BOOL inherit = l->n_list > 0;
    return CreateProcessW(l->program, l->command_line, NULL, NULL, inherit, flags, l->env, l->cwd,
                          &startup.StartupInfo, ret_info)
               ? 0
               : GetLastError();
}

static int find_program(struct launch *l, const char *program, mp_error *reterr)
{
    DWORD code = 0;
    int r = l->cwd == NULL ? 0 : mp_priv_directory_check(l->cwd, &code);
    if (r < 0) {
        return mp_priv_fail_code(reterr, r, (int)code, MP_STAGE_CHDIR, "spawn %s: working directory %s",
                                 mp_priv_quote(l->options->argv[0], OPERAND_MAX).text,
                                 mp_priv_quote(l->options->cwd, OPERAND_MAX).text);
    }
    r = mp_priv_program_find(l->options, &l->program, &code);
    return r < 0 ? mp_priv_fail_code(reterr, r, (int)code, MP_STAGE_EXEC, "spawn %s", program) : 0;
}

static int launch(struct launch *l, const bool closed[3], mp_process **ret_process, mp_error *reterr)
{
    const struct mp_priv_quoted program = mp_priv_quote(l->options->argv[0], 60);
    PROCESS_INFORMATION info;
    int r = make_strings(l);
    if (r < 0) return mp_priv_fail_code(reterr, r, 0, MP_STAGE_EXEC, "spawn %s", program.text);
    if ((r = find_program(l, program.text, reterr)) < 0) return r;
    DWORD code = make_stdio(l, closed);
    if (code != 0) return MP_PRIV_FAIL_SYSTEM(reterr, code, MP_STAGE_STDIO, "spawn %s: stdio", program.text);
    code = join_ours(l);
    if (code != 0) return MP_PRIV_FAIL_SYSTEM(reterr, code, MP_STAGE_PARENT, "spawn %s: job", program.text);
    code = make_group(l);
    if (code != 0) return MP_PRIV_FAIL_SYSTEM(reterr, code, MP_STAGE_GROUP, "spawn %s: job", program.text);
    code = make_attributes(l);
    if (code != 0) return MP_PRIV_FAIL_SYSTEM(reterr, code, MP_STAGE_FORK, "spawn %s: handles", program.text);
    mp_process *process = mp_priv_process_new();
    if (process == NULL) return mp_priv_fail(reterr, MP_ENOMEM, MP_STAGE_MEMORY, "spawn %s", program.text);
    code = create(l, &info);
    if (code != 0) {
        free(process);
        return MP_PRIV_FAIL_SYSTEM(reterr, code, MP_STAGE_EXEC, "spawn %s", program.text);
    }
    mp_priv_close(info.hThread);
    mp_priv_process_set_child(process, l->options->flags, info.hProcess, info.dwProcessId, l->job);
    l->job = NULL;
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
