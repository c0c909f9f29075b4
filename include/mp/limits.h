#ifndef MP_LIMITS_H
#define MP_LIMITS_H

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace mp {

//! What one peer may make this process hold, and for how long. doc/limits.md says what happens past each, and what the
//! defaults are chosen for.
struct Limits
{
    //! Largest message, in either direction.
    size_t max_message_bytes{size_t{64} << 20};
    //! How much of one received message is read. What is read again counts again, and so do elements that take no bytes:
    //! a few bytes can say that a list is long.
    size_t max_traversal_bytes{size_t{256} << 20};
    //! Received messages that wait, or that calls still use.
    size_t max_received_bytes{size_t{512} << 20};
    //! Calls of the peer that aren't answered yet, or with whose answers it hasn't finished.
    size_t max_calls{65'536};
    //! Objects of this process that the peer may call.
    size_t max_objects{262'144};
    //! Threads of this process that the peer has had made. Each costs a stack.
    size_t max_threads{1024};
    //! Output that waits for a peer that doesn't read, past which no further calls of its own are served.
    size_t max_waiting_bytes{size_t{8} << 20};
    //! The same, past which the connection ends.
    size_t max_queued_bytes{size_t{512} << 20};
    //! From the start of the connection to the peer's first call; 0: as long as it likes.
    std::chrono::milliseconds first_call_time{0};
    //! Without a message in either direction, while no call is in progress; 0: as long as it likes.
    std::chrono::milliseconds idle_time{0};
};

//! What a connection holds now of what Limits bounds.
struct Usage
{
    //! Of the peer, as max_calls counts them.
    size_t calls{0};
    //! Of this side: not answered yet, or with whose answers this side hasn't finished.
    size_t own_calls{0};
    size_t objects{0};
    size_t threads{0};
    size_t received_bytes{0};
    size_t queued_bytes{0};

    bool operator==(const Usage&) const = default;
};

} // namespace mp

#endif // MP_LIMITS_H
