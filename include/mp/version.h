#ifndef MP_VERSION_H
#define MP_VERSION_H

//! Level of the C++ interface that this release provides, for applications that support several.
//! The major number is raised on every notable change, the minor number only on stable branches.
#define MP_MAJOR_VERSION 14
#define MP_MINOR_VERSION 0

#endif // MP_VERSION_H
