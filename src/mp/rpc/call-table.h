#ifndef MP_RPC_CALL_TABLE_H
#define MP_RPC_CALL_TABLE_H

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace mp {

//! The calls in one direction that take memory: those that aren't answered yet, and those with whose answers the caller
//! hasn't finished. Told of messages, in which the caller numbers its questions. What breaks the protocol's rules is
//! ignored here: RpcSystem refuses it.
class CallTable
{
public:
    void call(uint32_t question);
    void answer(uint32_t question) { end(question, ANSWERED); }
    void finish(uint32_t question) { end(question, FINISHED); }

    size_t size() const { return m_size; }
    size_t unanswered() const { return m_unanswered; }

private:
    static constexpr uint8_t OPEN = 1;
    static constexpr uint8_t ANSWERED = 2;
    static constexpr uint8_t FINISHED = 4;
    //! Callers use the smallest number that is free. Greater ones take more time here, not more memory.
    static constexpr uint32_t MAX_DENSE = 1 << 12;

    void end(uint32_t question, uint8_t how);
    void add(uint8_t& state, uint8_t how);

    std::vector<uint8_t> m_dense;
    std::unordered_map<uint32_t, uint8_t> m_sparse;
    size_t m_size{0};
    size_t m_unanswered{0};
};

} // namespace mp

#endif // MP_RPC_CALL_TABLE_H
