// clang-format off
#define ORDER hooks_last
#include <mp/proxy-types.h>
#include <mp/type-decay.h>
#include <mp/type-number.h>
#include <mp/type-optional.h>
#include <mp/type-vector.h>
#include <mp/type-struct.h>
#include <mp/type-message.h>
#include <mp/type-map.h>
#include <mp/type-pointer.h>
#include <mp/type-data.h>
#include <types/order.h>
#include <types/order_check.h>
