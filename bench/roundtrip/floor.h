#ifndef SIDETOK_BENCH_FLOOR_H
#define SIDETOK_BENCH_FLOOR_H

#include <stddef.h>
#include <stdint.h>

/* The transport alone: nng's request and reply between two processes, of the same sizes as a real request's.
 */

/** Starts a process that answers at url with as many bytes as it is asked for. Before any use of nng; it ends
 * with its parent. */
void floor_serve(const char *url);

/** Connects to it. Ends the program when that fails. */
void floor_connect(const char *url);

/** Nanoseconds for a request and a reply of so many bytes. */
uint64_t floor_ask(size_t request_bytes, size_t reply_bytes);

#endif
