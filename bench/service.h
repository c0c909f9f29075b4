// The C++ classes that the library's rows call.
#ifndef BENCH_SERVICE_H
#define BENCH_SERVICE_H

#include <cstdint>
#include <string>
#include <vector>

namespace bench {

using Bytes = std::vector<unsigned char>;

struct Record {
    std::string text;
    std::vector<int64_t> numbers;
};

//! What a client lends the server for one call.
class Adder
{
public:
    virtual ~Adder() = default;
    virtual int32_t add(int32_t a, int32_t b) = 0;
};

class Service
{
public:
    virtual ~Service() = default;
    //! Runs on the server's event loop.
    virtual int32_t addOnLoop(int32_t a, int32_t b) = 0;
    //! Runs on a worker thread, as all that follow do.
    virtual int32_t addOnWorker(int32_t a, int32_t b) = 0;
    virtual int32_t addByCallback(Adder& adder, int32_t a, int32_t b) = 0;
    virtual Record echoRecord(Record record) = 0;
    virtual Bytes echoBytes(Bytes bytes) = 0;
    //! Until its caller gives up.
    virtual void waitCancelled() = 0;
};

} // namespace bench

#endif // BENCH_SERVICE_H
