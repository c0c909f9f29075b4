// The object that tests serve.
#ifndef MP_TEST_RPC_SUPPORT_SERVICE_IMPL_H
#define MP_TEST_RPC_SUPPORT_SERVICE_IMPL_H

#include <atomic>
#include <mutex>
#include <rpc/support/service.h>
#include <rpc/support/signal.h>
#include <thread>

namespace mp::test {

class ServiceImpl final : public Service
{
public:
    int32_t add(int32_t a, int32_t b) override { return a + b; }
    int32_t addOnWorker(int32_t a, int32_t b) override { return a + b; }
    std::string run(const std::string& what) override { return on_run ? on_run(what) : what; }
    std::string runOnLoop(const std::string& what) override { return on_loop ? on_loop(what) : what; }
    int32_t lend(Callback& callback, int32_t arg) override
    {
        if (on_lend) on_lend();
        return on_lent ? on_lent(callback, arg) : callback.call(arg);
    }
    int32_t give(std::unique_ptr<Callback> callback, int32_t arg) override { return callback ? callback->call(arg) : -1; }
    void share(std::shared_ptr<Callback> callback) override { m_shared = std::move(callback); }
    int32_t callShared(int32_t arg) override { return m_shared ? m_shared->call(arg) : -1; }
    int32_t callFn(std::function<int32_t(int32_t)> fn, int32_t arg) override 
    {
        if (on_fn) return on_fn(std::move(fn), arg);
        return fn ? fn(arg) : -1;
    }
    void fail(const std::string& text, bool declared) override
    {
        if (on_fail) on_fail();
        if (declared) throw Failure{text, 7};
        throw std::runtime_error(text);
    }
    std::vector<unsigned char> echo(const std::vector<unsigned char>& bytes) override { return bytes; }
    std::unique_ptr<Counter> makeCounter() override { return std::make_unique<Counter>(on_counter_destroyed); }
    std::string runInPool(const std::string& what) override { return run(what); }
    int32_t lendInPool(Callback& callback, int32_t arg) override { return lend(callback, arg); }
    std::unique_ptr<Account> makeAccount() override
    {
        if (on_make_account) return on_make_account();
        return nullptr;
    }
    void narrow(int32_t) override
    {
        narrowed = true;
        if (on_narrow) on_narrow();
    }

    //! Forget the shared callback: it keeps the server's loop alive.
    void drop() { m_shared.reset(); }

    // What tests put in, before they call.
    std::function<std::string(const std::string&)> on_run;
    std::function<std::string(const std::string&)> on_loop;
    std::function<void()> on_lend;
    std::function<int32_t(Callback&, int32_t)> on_lent;
    std::function<int32_t(std::function<int32_t(int32_t)>, int32_t)> on_fn;
    std::function<void()> on_fail;
    std::function<void()> on_counter_destroyed;
    std::function<void()> on_narrow;
    std::function<std::unique_ptr<Account>()> on_make_account;
    std::atomic<bool> narrowed{false};

private:
    std::shared_ptr<Callback> m_shared;
};

//! An object with "destroy" whose destructor does something.
class WatchedAccount final : public Account
{
public:
    explicit WatchedAccount(std::function<void()> on_destroy) : m_on_destroy(std::move(on_destroy)) {}
    ~WatchedAccount() override { m_on_destroy(); }
    int32_t next() override { return ++m_value; }

private:
    const std::function<void()> m_on_destroy;
    int32_t m_value{0};
};

//! A callback made of a function.
class FnCallback final : public Callback
{
public:
    explicit FnCallback(std::function<int32_t(int32_t)> fn) : m_fn(std::move(fn)) {}
    int32_t call(int32_t arg) override { return m_fn(arg); }

private:
    const std::function<int32_t(int32_t)> m_fn;
};

} // namespace mp::test

#endif // MP_TEST_RPC_SUPPORT_SERVICE_IMPL_H
