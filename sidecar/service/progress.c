#include "progress.h"

enum { NS_PER_MS = 1000000, STEP_MAX_MS = 1000 };

static uint64_t step_ns(const struct progress *progress, uint64_t now_ns)
{
    uint64_t most = STEP_MAX_MS * (uint64_t)NS_PER_MS;
    if (progress->seen_ns == 0 || now_ns < progress->seen_ns)
        return 0;
    return now_ns - progress->seen_ns < most ? now_ns - progress->seen_ns : most;
}

bool progress_is_stuck(struct progress *progress, const struct progress_sample *sample)
{
    bool has_work = sample->began_ns != 0 || sample->has_waiting;
    uint64_t allowed_ms = PROGRESS_CPU_MS + PROGRESS_CPU_PER_MB * (sample->size_bytes >> 20);
    if (!has_work || sample->cpu_ns != progress->cpu_ns || sample->began_ns != progress->began_ns)
        progress->idle_ns = 0;
    else
        progress->idle_ns += step_ns(progress, sample->now_ns);
    if (sample->began_ns == 0 || sample->began_ns != progress->began_ns)
        progress->cpu_begin_ns = sample->cpu_ns;
    progress->seen_ns = sample->now_ns;
    progress->began_ns = sample->began_ns;
    progress->cpu_ns = sample->cpu_ns;
    return progress->idle_ns >= PROGRESS_IDLE_MS * (uint64_t)NS_PER_MS ||
           (sample->cpu_ns > progress->cpu_begin_ns &&
            sample->cpu_ns - progress->cpu_begin_ns >= allowed_ms * NS_PER_MS);
}
