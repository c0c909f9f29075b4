/* Memory that is freed with free(). */
#ifndef MP_PROCESS_MEMORY_H
#define MP_PROCESS_MEMORY_H

#include <stddef.h>

/** Zeroed memory, or NULL. Platform. */
void *mp_priv_alloc(size_t size);

#endif
