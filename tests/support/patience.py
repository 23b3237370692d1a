"""How long a test waits for what another process does; needs no build."""

import time

from wire import SLOW

PATIENCE = 120 * SLOW  # seconds after which a wait for an event counts as a failure


def wait_until(condition, seconds=PATIENCE, pause=0.002):
    """Polls for an event that the other side makes; fails when it never comes."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(pause)
