#ifndef MP_LENT_OBJECTS_H
#define MP_LENT_OBJECTS_H

#include <kj/function.h>
#include <mp/proxy.h>
#include <vector>

namespace mp {

struct InvokeContext;

namespace detail {

//! The server objects of arguments that a caller lends, for the time of one call: references, and functions, which may
//! refer to what is on its stack. Owning the loop.
class LentObjects
{
public:
    LentObjects() = default;
    LentObjects(const LentObjects&) = delete;
    LentObjects& operator=(const LentObjects&) = delete;

    void add(ProxyContext& object);
    //! It is destroyed.
    void remove(ProxyContext& object);
    //! A method of it has ended, and no other one of it runs or is to run.
    void unused();

    //! The call has ended by its answer: the peer has no more use for them.
    void release();
    //! It hasn't: bar them from further requests.
    //! @param unused  called when no method of theirs runs any more, if one does now
    //! @return whether none does
    bool revoke(kj::Function<void()> unused);

private:
    bool used() const;

    std::vector<ProxyContext*> m_objects;
    kj::Maybe<kj::Function<void()>> m_unused;
};

//! While it lives, the server objects that are made for a connection are lent.
class Lending
{
public:
    explicit Lending(InvokeContext& invoke_context);
    ~Lending();
    Lending(const Lending&) = delete;
    Lending& operator=(const Lending&) = delete;

private:
    LentObjects*& m_slot;
    LentObjects* const m_outer;
};

} // namespace detail
} // namespace mp

#endif // MP_LENT_OBJECTS_H
