/* <mp/c/export.h>: linkage and attributes of every C declaration. */
#ifndef MP_C_EXPORT_H
#define MP_C_EXPORT_H

#ifdef __cplusplus
#define MP_BEGIN_DECLS extern "C" {
#define MP_END_DECLS }
#else
#define MP_BEGIN_DECLS
#define MP_END_DECLS
#endif

/* MP_STATIC: the program links the static library (its CMake target defines it).
 * MP_BUILDING_SHARED: the shared library itself is being compiled. */
#if defined(MP_STATIC)
#define MP_API
#elif defined(_WIN32) && defined(MP_BUILDING_SHARED)
#define MP_API __declspec(dllexport)
#elif defined(_WIN32)
#define MP_API __declspec(dllimport)
#elif defined(__GNUC__)
#define MP_API __attribute__((visibility("default")))
#else
#define MP_API
#endif

#if defined(__GNUC__)
#define MP_NODISCARD __attribute__((warn_unused_result))
#else
#define MP_NODISCARD
#endif

#endif
