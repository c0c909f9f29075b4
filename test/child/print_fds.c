/* print_fds: a line "number target" for each open descriptor. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
    char path[64], target[256];
    const struct dirent *entry;
    DIR *dir = opendir("/proc/self/fd");
    if (dir == NULL) return 1;
    while ((entry = readdir(dir)) != NULL) {
        const int fd = atoi(entry->d_name);
        if (entry->d_name[0] == '.' || fd == dirfd(dir)) continue;
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        const ssize_t size = readlink(path, target, sizeof(target) - 1);
        if (size < 0) return 2;
        target[size] = '\0';
        printf("%d %s\n", fd, target);
    }
    return 0;
}
