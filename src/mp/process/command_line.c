#include <mp/process/command_line.h>

#include <string.h>

struct output {
    char *text;
    size_t size;
    size_t length;
};

static void put(struct output *out, char c, size_t count)
{
    for (; count > 0; count--, out->length++) {
        if (out->length + 1 < out->size) out->text[out->length] = c;
    }
}

/* Backslashes are plain but before a quote, where two stand for one. */
static void put_quoted(struct output *out, const char *arg)
{
    size_t backslashes = 0;
    put(out, '"', 1);
    for (; *arg != '\0'; arg++) {
        if (*arg == '\\') {
            backslashes++;
            continue;
        }
        put(out, '\\', *arg == '"' ? 2 * backslashes + 1 : backslashes);
        backslashes = 0;
        put(out, *arg, 1);
    }
    put(out, '\\', 2 * backslashes);
    put(out, '"', 1);
}

size_t mp_priv_command_line(const char *const *argv, char *text, size_t size)
{
    struct output out = {text, size, 0};
    for (size_t i = 0; argv[i] != NULL; i++) {
        if (i > 0) put(&out, ' ', 1);
        /* Some runtimes replace * and ? by the names of files, but not in quotes. */
        if (argv[i][0] != '\0' && strpbrk(argv[i], " \t\"*?") == NULL) {
            for (const char *c = argv[i]; *c != '\0'; c++) put(&out, *c, 1);
        } else {
            put_quoted(&out, argv[i]);
        }
    }
    if (size > 0) text[out.length < size ? out.length : size - 1] = '\0';
    return out.length;
}
