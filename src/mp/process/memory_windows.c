#include <mp/process/memory.h>

#include <stdlib.h>

void *mp_priv_alloc(size_t size)
{
    return calloc(1, size);
}
