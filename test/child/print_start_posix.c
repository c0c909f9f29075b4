/* print_start: lines "arg...", "env...", "cwd ...". */
#include <stdio.h>
#include <unistd.h>

extern char **environ;

int main(int argc, char **argv)
{
    char cwd[4096];
    for (int i = 1; i < argc; i++) printf("arg%d %s\n", i, argv[i]);
    for (char **entry = environ; *entry != NULL; entry++) printf("env %s\n", *entry);
    if (getcwd(cwd, sizeof(cwd)) == NULL) return 1;
    printf("cwd %s\n", cwd);
    return 0;
}
