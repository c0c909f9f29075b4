#ifndef GOLDEN_BASE_TYPES_H
#define GOLDEN_BASE_TYPES_H

#include <mp/type-context.h>
#include <mp/type-interface.h>
#include <mp/type-number.h>
#include <mp/type-threadmap.h>

#endif // GOLDEN_BASE_TYPES_H
