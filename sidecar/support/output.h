#ifndef SIDETOK_SUPPORT_OUTPUT_H
#define SIDETOK_SUPPORT_OUTPUT_H

/**
 * Takes standard output for the program alone: libsndfile 1.2.0 prints remarks on some broken files there
 * ("Error A : 00"), between whatever else is written to it. Afterwards descriptor 1 leads to /dev/null, or to
 * standard error where that cannot be opened.
 *
 * Returns a descriptor for what was standard output, closed on exec; or STDOUT_FILENO, and nothing is
 * changed, where it is closed or descriptors are out. Call it once, before threads are started.
 */
int output_take(void);

#endif
