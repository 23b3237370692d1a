"""The example programs, one per event loop: the reference's ids, its errors, and a clear end without a sidecar."""

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor

from service import BUILD, PATIENCE, Daemon, run

HELLO = json.dumps({"messages": [{"role": "user", "content": "Hello"}]})
HELLO_IDS = "1 3 23325 4"  # recorded case chat/spm_v3/test/single
EMPTY = json.dumps({"messages": []})
EMPTY_ERROR = "InvalidMessageStructureException: Conversation must have at least one message"
NO_IO_URING = 77

EXAMPLES = sorted(path for path in (BUILD / "client/example").glob("example_*") if path.is_file())


def ask(example, url, *bodies):
    """Exit status and lines. poll.c, the one program without ask.h, has the question in front of each answer."""
    ended = subprocess.run([example, url, *bodies], capture_output=True, text=True, timeout=PATIENCE)
    return ended.returncode, [line.removeprefix(f"{HELLO}: ").removeprefix(f"{EMPTY}: ") for line in ended.stdout.splitlines()]


def test_each_example_prints_the_references_ids():
    assert len(EXAMPLES) >= 2, "poll and epoll need no library"
    with Daemon() as daemon:
        for example in EXAMPLES:
            status, lines = ask(example, daemon.url, HELLO, HELLO, HELLO)
            assert status == NO_IO_URING or (status, lines) == (0, [HELLO_IDS] * 3), (example.name, status, lines)


def test_each_example_prints_the_references_error():
    with Daemon() as daemon:
        for example in EXAMPLES:
            status, lines = ask(example, daemon.url, EMPTY)
            assert status == NO_IO_URING or (status, lines) == (1, [EMPTY_ERROR]), (example.name, status, lines)


def test_each_example_ends_without_a_sidecar():
    url = "ipc:///nonexistent/s.sock"
    with ThreadPoolExecutor(len(EXAMPLES)) as pool:  # each waits for 5 seconds
        for example, (status, lines) in zip(EXAMPLES, pool.map(lambda example: ask(example, url, HELLO), EXAMPLES)):
            assert status == NO_IO_URING or (status == 1 and lines[0].startswith("not_connected")), (example.name, lines)


run(globals())
