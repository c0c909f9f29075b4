#ifndef MP_RPC_WORD_BLOCK_H
#define MP_RPC_WORD_BLOCK_H

#include <capnp/common.h>
#include <cstddef>
#include <kj/common.h>

namespace mp {

//! Memory for a message or a segment of one. A large one is on huge pages, if the system has them: the faults of ordinary
//! pages take longer than copying what goes there.
class WordBlock
{
public:
    WordBlock() = default;
    enum class Content { Zero, Any };
    //! @throws std::bad_alloc
    WordBlock(size_t words, Content content);
    WordBlock(WordBlock&& other) noexcept;
    WordBlock& operator=(WordBlock&& other) noexcept;
    ~WordBlock();

    kj::ArrayPtr<capnp::word> words() const { return kj::arrayPtr(m_data, m_size); }

private:
    capnp::word* m_data{nullptr};
    size_t m_size{0};
    //! Bytes of a mapping of its own.
    size_t m_mapped{0};
};

} // namespace mp

#endif // MP_RPC_WORD_BLOCK_H
