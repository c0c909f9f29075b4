#ifndef MP_CANCEL_H
#define MP_CANCEL_H

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

namespace mp {

namespace detail {
class CancelState;
} // namespace detail

//! Says once, to any number of threads, that something isn't wanted any more. Copies are the same token. Any thread.
class CancelToken
{
public:
    CancelToken();

    //! Cancel. Runs the callbacks, here, one after another; what they throw is dropped. Does nothing the second time.
    void cancel();
    bool cancelled() const;
    //! Wait until it is cancelled, for that long at most.
    //! @return cancelled()
    bool waitCancelled(std::chrono::nanoseconds timeout) const;

private:
    friend class CancelCallback;
    std::shared_ptr<detail::CancelState> m_state;
};

//! Has a function called, once, when a token is cancelled: by the thread that cancels it, or here, at once, where that has
//! been done. Once this is destroyed the function isn't running and won't be, unless it destroys this itself.
class CancelCallback
{
public:
    CancelCallback(const CancelToken& token, std::function<void()> fn);
    ~CancelCallback();
    CancelCallback(const CancelCallback&) = delete;
    CancelCallback& operator=(const CancelCallback&) = delete;

private:
    const std::shared_ptr<detail::CancelState> m_state;
    uint64_t m_number;
};

} // namespace mp

#endif // MP_CANCEL_H
