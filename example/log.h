#ifndef EXAMPLE_LOG_H
#define EXAMPLE_LOG_H

#include <cstdio>
#include <cstdlib>
#include <mp/proxy-io.h>
#include <stdexcept>

//! Log function of the examples' event loops. A call that fails is an exception; the rest is shown on request.
inline void LogPrint(mp::LogMessage message)
{
    if (message.level == mp::Log::Raise) throw std::runtime_error(message.message);
    static const bool verbose = std::getenv("MPEXAMPLE_LOG") != nullptr;
    if (verbose) std::fprintf(stderr, "%s\n", message.message.c_str());
}

#endif // EXAMPLE_LOG_H
