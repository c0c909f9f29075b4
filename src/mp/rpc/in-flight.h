#ifndef MP_RPC_IN_FLIGHT_H
#define MP_RPC_IN_FLIGHT_H

#include <future>
#include <memory>

namespace mp {

//! Tells when everything that was under way at a moment has ended, whatever has begun since. Guarded by its user.
class InFlight
{
    struct Generation
    {
        ~Generation() { ended.set_value(); }
        std::promise<void> ended;
        //! Can't end before this one.
        std::shared_ptr<Generation> next;
    };

public:
    //! Something is under way while this lives.
    using Token = std::shared_ptr<const void>;
    Token begin() const { return m_current; }

    //! Ready when all tokens given so far are gone. The last of them makes it so, on any thread.
    std::future<void> ended()
    {
        const std::shared_ptr<Generation> last = std::move(m_current);
        m_current = last->next = std::make_shared<Generation>();
        return last->ended.get_future();
    }

private:
    std::shared_ptr<Generation> m_current{std::make_shared<Generation>()};
};

} // namespace mp

#endif // MP_RPC_IN_FLIGHT_H
