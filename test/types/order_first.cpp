// clang-format off
#define ORDER hooks_first
#include <types/order.h>
#include <mp/type-vector.h>
#include <mp/type-string.h>
#include <mp/type-pointer.h>
#include <mp/type-optional.h>
#include <mp/type-number.h>
#include <mp/type-map.h>
#include <mp/proxy-types.h>
#include <types/order_check.h>
