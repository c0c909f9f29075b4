// The C++ classes behind service.capnp.
#ifndef MP_TEST_RPC_SUPPORT_SERVICE_H
#define MP_TEST_RPC_SUPPORT_SERVICE_H

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace mp::test {

struct Failure
{
    std::string text;
    int32_t position{0};
};

class Callback
{
public:
    virtual ~Callback() = default;
    virtual int32_t call(int32_t arg) = 0;
};

//! Neither abstract nor polymorphic, as the wrapped class need not be.
class Counter
{
public:
    Counter() = default;
    explicit Counter(std::function<void()> on_destroy) : m_on_destroy(std::move(on_destroy)) {}
    ~Counter()
    {
        if (m_on_destroy) m_on_destroy();
    }
    int32_t next() { return ++m_value; }

private:
    std::function<void()> m_on_destroy;
    int32_t m_value{0};
};

class Account
{
public:
    virtual ~Account() = default;
    virtual int32_t next() = 0;
};

class Service
{
public:
    virtual ~Service() = default;
    virtual int32_t add(int32_t a, int32_t b) = 0;
    virtual int32_t addOnWorker(int32_t a, int32_t b) = 0;
    virtual std::string run(const std::string& what) = 0;
    virtual std::string runOnLoop(const std::string& what) = 0;
    virtual int32_t lend(Callback& callback, int32_t arg) = 0;
    virtual int32_t give(std::unique_ptr<Callback> callback, int32_t arg) = 0;
    virtual void share(std::shared_ptr<Callback> callback) = 0;
    virtual int32_t callShared(int32_t arg) = 0;
    virtual int32_t callFn(std::function<int32_t(int32_t)> fn, int32_t arg) = 0;
    virtual void fail(const std::string& text, bool declared) = 0;
    virtual std::vector<unsigned char> echo(const std::vector<unsigned char>& bytes) = 0;
    virtual std::unique_ptr<Counter> makeCounter() = 0;
    virtual std::unique_ptr<Account> makeAccount() = 0;
    virtual void narrow(int32_t value) = 0;
    virtual std::string runInPool(const std::string& what) = 0;
    virtual int32_t lendInPool(Callback& callback, int32_t arg) = 0;
};

} // namespace mp::test

#endif // MP_TEST_RPC_SUPPORT_SERVICE_H
