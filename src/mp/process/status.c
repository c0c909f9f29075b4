#include <mp/c/status.h>

#include <stddef.h>

struct status_entry {
    int status;
    const char *name;
    const char *text;
};

static const struct status_entry status_table[] = {
#define STATUS_ENTRY(name, value, text) {(value), "MP_" #name, (text)},
    MP_STATUS_MAP(STATUS_ENTRY)
#undef STATUS_ENTRY
};

static const struct status_entry *status_find(int status)
{
    const size_t count = sizeof(status_table) / sizeof(status_table[0]);
    for (size_t i = 0; i < count; i++) {
        if (status_table[i].status == status) return &status_table[i];
    }
    return &status_table[count - 1]; /* MP_EUNKNOWN closes the list */
}

const char *mp_status_name(int status)
{
    return status >= 0 ? "MP_OK" : status_find(status)->name;
}

const char *mp_status_text(int status)
{
    return status >= 0 ? "Success" : status_find(status)->text;
}
