#ifndef RIGHT_ITEM_TYPES_H
#define RIGHT_ITEM_TYPES_H

#include <mp/type-context.h>
#include <mp/type-number.h>
#include <mp/type-string.h>

#endif // RIGHT_ITEM_TYPES_H
