"""Makes a failing request smaller while it still fails."""

import copy
import time

from request_breaker import get, walk


def smaller_values(value):
    """What may stand in value's place, smallest first."""
    if isinstance(value, str):
        yield from dict.fromkeys(v for v in ("", "a", value[: len(value) // 2], value[len(value) // 2 :], value[1:], value[:-1]) if v != value and len(v) <= len(value))
    elif isinstance(value, dict) and value:
        yield {}
    elif isinstance(value, list) and value:
        yield []
    elif isinstance(value, (int, float)) and not isinstance(value, bool) and value != 0:
        yield 0


def candidates(request):
    paths = sorted(walk(request), key=len)
    for path in paths:
        smaller = copy.deepcopy(request)
        del get(smaller, path[:-1])[path[-1]]
        yield smaller
    for path in paths:
        for value in smaller_values(get(request, path)):
            smaller = copy.deepcopy(request)
            get(smaller, path[:-1])[path[-1]] = value
            yield smaller


def shrink(request, fails, seconds=20):
    """fails(request) says whether a request still shows the difference; never called after the time is up."""
    end = time.monotonic() + seconds
    found = True
    while found:
        found = False
        for smaller in candidates(request):
            if time.monotonic() > end:
                return request
            if fails(smaller):
                request, found = smaller, True
                break
    return request
