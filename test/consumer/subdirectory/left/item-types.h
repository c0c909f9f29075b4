#ifndef LEFT_ITEM_TYPES_H
#define LEFT_ITEM_TYPES_H

#include <mp/type-context.h>
#include <mp/type-string.h>

#endif // LEFT_ITEM_TYPES_H
