/* The process that a fork server's children are copies of, once mp_forkserver_eval has changed what they start from: a
 * copy of the server that ran the function and forks when the server says so. What it makes are the server's children,
 * who adopts orphans. */
#ifndef MP_PROCESS_IMAGE_POSIX_H
#define MP_PROCESS_IMAGE_POSIX_H

#include <mp/process/worker_posix.h>

struct mp_priv_image {
    int commands; /* from the server; the image ends with it */
    int server_pid;
    const struct mp_priv_signals *signals; /* of the server's start */
};

/** What the process tells that was made. One that is to be an image tells first that it has begun: helpers of its
 *  may have its descriptors open when it has ended. */
struct mp_priv_image_answer {
    int32_t status; /* 0, a negative status, or MP_PRIV_IMAGE_BEGINS */
    int32_t value;  /* the process's pid, or the result of the function */
};

enum { MP_PRIV_IMAGE_BEGINS = 1 };

enum mp_priv_image_order {
    MP_PRIV_IMAGE_FORK = 1,
    MP_PRIV_IMAGE_EVAL = 2 /* worker.connection is where the next image is told what to do */
};

/** Let this process be the parent of its images' children. Returns 0 or a negative status. */
int mp_priv_image_prepare_server(void);

/** In a new child of the server: run the function, answer, and be the image. Takes what the worker has, and memory
 *  from malloc() that is not needed after the function. */
_Noreturn void mp_priv_image_become(const struct mp_priv_image *image, const struct mp_priv_worker *worker,
                                    void *memory, int answers);

/** Tell an image what to do. Doesn't wait; the worker's descriptors stay the caller's.
 *  ret_answers  brings a struct mp_priv_image_answer, or the end if there will be none.
 *  Returns 0, MP_EPIPE or MP_ECONNRESET (it has ended), or another negative status. */
int mp_priv_image_ask(int image, enum mp_priv_image_order order, const struct mp_priv_worker *worker,
                      int *ret_answers);

#endif
