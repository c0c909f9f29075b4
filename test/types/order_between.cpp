// clang-format off
#define ORDER hooks_between
#include <mp/type-map.h>
#include <mp/type-pointer.h>
#include <types/order.h>
#include <mp/type-optional.h>
#include <mp/type-vector.h>
#include <mp/type-number.h>
#include <mp/type-message.h>
#include <types/order_check.h>
