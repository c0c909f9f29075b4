#include "call-table.h"

namespace mp {

void CallTable::call(uint32_t question)
{
    if (question >= MAX_DENSE) {
        const bool added = m_sparse.emplace(question, OPEN).second;
        m_size += added;
        m_unanswered += added;
        return;
    }
    if (question >= m_dense.size()) m_dense.resize(question + 1);
    if (m_dense[question] != 0) return;
    m_dense[question] = OPEN;
    ++m_size;
    ++m_unanswered;
}

void CallTable::add(uint8_t& state, uint8_t how)
{
    if (how & ~state & ANSWERED) --m_unanswered;
    state |= how;
}

void CallTable::end(uint32_t question, uint8_t how)
{
    constexpr uint8_t ENDED = OPEN | ANSWERED | FINISHED;
    if (question < m_dense.size()) {
        uint8_t& state = m_dense[question];
        if (state == 0) return;
        add(state, how);
        if (state != ENDED) return;
        state = 0;
    } else {
        const auto found = m_sparse.find(question);
        if (found == m_sparse.end()) return;
        add(found->second, how);
        if (found->second != ENDED) return;
        m_sparse.erase(found);
    }
    --m_size;
}

} // namespace mp
