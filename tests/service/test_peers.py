"""Who is served: user and group of a peer, as the kernel tells them."""

import os
import subprocess
import sys

from service import PATIENCE, SPM, Daemon, refused, run, text_request

OTHER_USER, OTHER_GROUP = 65534, 54321

# Asks as another user; prints what became of it.
ASK = """
import os, sys
path, user, group = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
from wire import Client
os.setgroups([])
os.setgid(group)
os.setuid(user)
try:
    print(Client(path, timeout=20).ask("encode", {"text": "Hello"}).code)
except (EOFError, OSError):
    print("closed")
"""


def ask_as(daemon, user, group):
    os.chmod(daemon.directory, 0o755)
    here = os.path.dirname(os.path.abspath(sys.modules["wire"].__file__))
    source = ASK.replace("from wire import Client", open(os.path.join(here, "wire.py")).read())
    done = subprocess.run([sys.executable, "-c", source, daemon.path, str(user), str(group)],
                          capture_output=True, text=True, timeout=PATIENCE, cwd="/")
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def is_root():
    if os.getuid() == 0:
        return True
    print("# skipped: only root can be another user")
    return False


def test_others_than_the_allowed_are_closed_before_they_ask():
    if not is_root():
        return
    with Daemon("--socket-mode", "0666", "--allow-uid", "4242") as daemon:
        assert ask_as(daemon, OTHER_USER, OTHER_GROUP) == "closed"
        daemon.wait_for_log(f"refused a peer of user {OTHER_USER}, group {OTHER_GROUP}")
        assert ask_as(daemon, 4242, OTHER_GROUP) == "0"
        assert daemon.client().ask("encode", text_request(10)).code == 0, "the daemon's own user is always served"


def test_a_primary_group_is_enough():
    if not is_root():
        return
    with Daemon("--socket-mode", "0666", "--allow-gid", str(OTHER_GROUP)) as daemon:
        assert ask_as(daemon, OTHER_USER, OTHER_GROUP) == "0"
        assert ask_as(daemon, OTHER_USER, OTHER_GROUP + 1) == "closed"


def test_without_a_list_the_mode_decides():
    if not is_root():
        return
    with Daemon("--socket-mode", "0666") as daemon:
        assert ask_as(daemon, OTHER_USER, OTHER_GROUP) == "0"
    with Daemon("--socket-mode", "0600") as daemon:
        assert ask_as(daemon, OTHER_USER, OTHER_GROUP) == "closed"


def test_tcp_and_abstract_addresses_are_off_unless_it_is_said_whom_they_serve():
    for url in ("tcp://127.0.0.1:0", "abstract://sidetok-test"):
        status, said = refused("--tokenizer", f"v3={SPM}", "--listen", url)
        assert status == 2 and url in said, (status, said)


run(globals())
