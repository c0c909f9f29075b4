#ifndef MP_FUNCTION_REF_H
#define MP_FUNCTION_REF_H

#include <memory>
#include <type_traits>
#include <utility>

namespace mp {

template <typename Signature>
class FunctionRef;

//! A reference to a callable that outlives the call it is passed to: what a template hands to compiled code.
template <typename Result, typename... Args>
class FunctionRef<Result(Args...)>
{
public:
    template <typename Fn>
        requires(!std::is_same_v<std::remove_cvref_t<Fn>, FunctionRef>)
    FunctionRef(Fn&& fn) // NOLINT(google-explicit-constructor): lambdas are passed
        : m_object(const_cast<void*>(static_cast<const void*>(std::addressof(fn)))),
          m_call([](void* object, Args... args) -> Result {
              return (*static_cast<std::remove_reference_t<Fn>*>(object))(std::forward<Args>(args)...);
          })
    {
    }

    Result operator()(Args... args) const { return m_call(m_object, std::forward<Args>(args)...); }

private:
    void* m_object;
    Result (*m_call)(void*, Args...);
};

} // namespace mp

#endif // MP_FUNCTION_REF_H
