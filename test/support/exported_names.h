// What the shared library exports, on every platform.
#ifndef MP_TEST_SUPPORT_EXPORTED_NAMES_H
#define MP_TEST_SUPPORT_EXPORTED_NAMES_H

#include <string>
#include <vector>

namespace mp::test {

inline const std::vector<std::string> EXPORTED_NAMES{
    "mp_capture_new", "mp_capture_ref", "mp_capture_unref", "mp_capture_wait", "mp_forkserver_close",
    "mp_forkserver_connect", "mp_forkserver_eval", "mp_forkserver_fork", "mp_forkserver_fork_pid",
    "mp_forkserver_kill_all", "mp_forkserver_open", "mp_forkserver_server_pid", "mp_forkserver_spawn",
    "mp_forkserver_start", "mp_forkserver_stop", "mp_forkserver_stop_server_only", "mp_handle_close",
    "mp_handle_duplicate", "mp_listener_address", "mp_listener_close", "mp_listener_new", "mp_listener_socket",
    "mp_process_exit_fd", "mp_process_kill", "mp_process_kill_group", "mp_process_on_exit", "mp_process_pid",
    "mp_process_ref", "mp_process_release", "mp_process_spawn", "mp_process_take_output",
    "mp_process_terminate", "mp_process_unref", "mp_process_wait", "mp_socket_close", "mp_socket_connect",
    "mp_socket_pair", "mp_socket_peer", "mp_socket_receive_fds", "mp_socket_send_fds",
    "mp_socket_set_nonblocking", "mp_spawn_connected", "mp_spawn_stdio", "mp_start_spawned", "mp_start_stdio",
    "mp_status_name", "mp_status_text", "mp_version_check"};

} // namespace mp::test

#endif // MP_TEST_SUPPORT_EXPORTED_NAMES_H
