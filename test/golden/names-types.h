#ifndef GOLDEN_NAMES_TYPES_H
#define GOLDEN_NAMES_TYPES_H

#include <mp/type-number.h>
#include <mp/type-string.h>
#include <mp/type-struct.h>

#endif // GOLDEN_NAMES_TYPES_H
