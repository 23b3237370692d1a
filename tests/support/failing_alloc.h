#ifndef SIDETOK_TESTS_FAILING_ALLOC_H
#define SIDETOK_TESTS_FAILING_ALLOC_H

/** The n-th allocation from now on the calling thread fails, once; 0: none does. Other threads' are not
 * counted. */
void failing_alloc_at(long n);

/** Allocations made by the library with this word in its file's name are not counted; NULL: all are. Static.
 */
void failing_alloc_leave_out(const char *library);

/** How many have failed since: 0 or 1. */
long failing_alloc_failed(void);

#endif
