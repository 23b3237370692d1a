"""Runs inside the booted system of nspawn.sh, as root: the installed packages under a real systemd."""

import ctypes
import http.client
import os
import pwd
import shutil
import subprocess
import threading
import time
from pathlib import Path

os.environ["SIDETOK_MODELS"] = "/usr/share/sidetok/models"

from service import slow_request, wait_until
from tap import run
from wire import Client

SOCKET = "/run/sidetok/sidetokd.sock"
CONF = Path("/etc/sidetok/sidetok.conf")


def show(name, unit="sidetokd"):
    return subprocess.run(["systemctl", "show", "-P", name, unit], capture_output=True, text=True, check=True).stdout.strip()


def systemctl(*arguments):
    return subprocess.run(["systemctl", *arguments], capture_output=True, text=True)


def ping(*flags, socket=SOCKET):
    return subprocess.run(["sidetok", "ping", "--connect", "ipc://" + socket, "--wait-ms", "5000", *flags], capture_output=True).returncode


def fresh():
    """The unit as it is after boot."""
    systemctl("reset-failed", "sidetokd")
    assert systemctl("start", "sidetokd").returncode == 0
    wait_until(lambda: ping() == 0)


def as_user(uid, *groups):
    code = f"""
import os, sys
os.setgroups({list(groups)}); os.setgid({uid}); os.setuid({uid})
sys.path.insert(0, "/test/tests/support")
from wire import Client
print(Client({SOCKET!r}).ask("encode", {{"text": "Hello"}}).code)
"""
    return subprocess.run(["python3", "-c", code], capture_output=True, text=True)


def test_it_is_ready_after_boot():
    assert show("ActiveState") == "active" and show("SubState") == "running"
    assert show("StatusText").startswith("serving: 0 requests wait"), show("StatusText")
    assert show("User") == "sidetok" and pwd.getpwnam("sidetok").pw_uid == os.stat(f"/proc/{show('MainPID')}").st_uid
    assert ping() == 0 and ping("--live") == 0


def test_the_process_has_no_rights():
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{show('MainPID')}/status").read_text().splitlines() if ":\t" in line)
    assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0
    assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2"


def test_members_of_the_group_are_served_and_others_are_not():
    group = pwd.getpwnam("sidetok").pw_gid
    assert as_user(12345, group).stdout.strip() == "0"
    refused = as_user(12345)
    assert refused.returncode != 0 and "PermissionError" in refused.stderr, refused.stderr


def test_exposure_is_at_most_0_5():
    done = subprocess.run(["systemd-analyze", "security", "--threshold=5", "--no-pager", "sidetokd"], capture_output=True, text=True)
    print("# " + done.stdout.strip().splitlines()[-1])
    assert done.returncode == 0


def test_killed_it_is_back():
    before, restarts = show("MainPID"), int(show("NRestarts"))
    begin = time.monotonic()
    os.kill(int(before), 9)
    wait_until(lambda: show("MainPID") not in ("0", before) and ping() == 0)
    print(f"# serving again after {time.monotonic() - begin:.2f} s")
    assert int(show("NRestarts")) == restarts + 1


class Load(threading.Thread):
    """One connection that asks and checks, until it is told to stop."""

    def __init__(self, expected):
        super().__init__(daemon=True)
        self.expected, self.answers, self.ends, self.fault = expected, 0, False, None
        self.start()

    def run(self):
        client = Client(SOCKET)
        while not self.ends and not self.fault:
            sent = [client.send("encode", {"text": "Hello world. " * 500}) for _ in range(8)]
            for number in sent:
                got, reply = client.receive()
                if got != number or reply.code != 0 or reply.ids != self.expected:
                    self.fault = f"request {number}: {got}, code {reply.code}, {reply.message}"
                self.answers += 1


def test_reloads_under_load_lose_nothing():
    process = show("MainPID")
    expected = Client(SOCKET).ask("encode", {"text": "Hello world. " * 500}).ids
    loads = [Load(expected) for _ in range(4)]

    def count():
        return sum(load.answers for load in loads)

    for _ in range(5):
        before = count()
        log = subprocess.run(["journalctl", "-u", "sidetokd", "-o", "cat"], capture_output=True, text=True).stdout.count("reloaded")
        assert systemctl("reload", "sidetokd").returncode == 0
        wait_until(lambda: subprocess.run(["journalctl", "-u", "sidetokd", "-o", "cat"], capture_output=True, text=True).stdout.count("reloaded") > log)
        wait_until(lambda: count() > before + 100)
    for load in loads:
        load.ends = True
        load.join(60)
        assert not load.is_alive() and not load.fault, load.fault
    print(f"# {count()} answers, 5 reloads")
    assert show("MainPID") == process and show("ActiveState") == "active"


def worker_of(process):
    return next(int(task.name) for task in Path(f"/proc/{process}/task").iterdir() if (task / "comm").read_text() == "sidetok-worker\n")


def test_a_stuck_worker_is_ended_by_the_watchdog():
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    before = show("MainPID")
    worker = worker_of(before)
    assert libc.ptrace(0x4206, worker, None, None) == 0 and libc.ptrace(0x4207, worker, None, None) == 0
    os.waitpid(worker, 0x40000000)
    client, begin = Client(SOCKET), time.monotonic()
    client.send("encode", {"text": "Hello"})
    wait_until(lambda: ping("--live") == 1)
    print(f"# liveness fails after {time.monotonic() - begin:.1f} s")
    wait_until(lambda: os.waitpid(worker, 0x40000000 | os.WNOHANG)[0] == worker)  # the tracer's part of its end
    wait_until(lambda: show("MainPID") not in ("0", before) and ping() == 0)
    print(f"# serving again after {time.monotonic() - begin:.1f} s")
    assert "watchdog" in subprocess.run(["journalctl", "-u", "sidetokd", "-o", "cat"], capture_output=True, text=True).stdout.lower()


def test_stop_drains():
    good = CONF.read_text()
    # a busy machine takes its time; the daemon asks systemd for more than the unit's TimeoutStopSec
    CONF.write_text(good + "drain-seconds = 200\n")
    try:
        assert systemctl("restart", "sidetokd").returncode == 0
        client = Client(SOCKET, timeout=300)
        sent = [client.send("chat", slow_request(), want=4) for _ in range(3)]
        wait_until(lambda: Client(SOCKET).ask("ping").value["requests"] == 2)
        stop = subprocess.Popen(["systemctl", "stop", "sidetokd"])
        replies = [client.receive() for _ in sent]
        assert [got for got, _ in replies] == sent and all(reply.code == 0 for _, reply in replies)
        assert stop.wait(60) == 0 and show("ActiveState") == "inactive" and show("Result") == "success"
    finally:
        CONF.write_text(good)
    fresh()


def test_a_wrong_configuration_is_told_once():
    good = CONF.read_text()
    CONF.write_text(good + "queue-bytes = many\n")
    try:
        systemctl("restart", "sidetokd")
        wait_until(lambda: show("ActiveState") == "failed")
        assert show("ExecMainStatus") == "2"
        log = subprocess.run(["journalctl", "-u", "sidetokd", "-o", "cat"], capture_output=True, text=True).stdout
        line = len(good.splitlines()) + 1
        assert log.count(f"{CONF}:{line}: ") == 1, log[-500:]
    finally:
        CONF.write_text(good)
    fresh()


def test_an_instance_has_its_own_socket():
    shutil.copy(CONF, "/etc/sidetok/second.conf")
    assert systemctl("start", "sidetokd@second").returncode == 0
    assert ping(socket="/run/sidetok-second/sidetokd.sock") == 0 and ping() == 0
    assert systemctl("stop", "sidetokd@second").returncode == 0


def test_health_answers_with_the_drop_in_for_a_network():
    good = CONF.read_text()
    folder = Path("/etc/systemd/system/sidetokd.service.d")
    folder.mkdir()
    shutil.copy("/usr/share/doc/sidetokd/examples/network.conf", folder)
    CONF.write_text(good + "health = tcp://127.0.0.1:8437\n")
    try:
        systemctl("daemon-reload")
        assert systemctl("restart", "sidetokd").returncode == 0
        connection = http.client.HTTPConnection("127.0.0.1", 8437, timeout=10)
        connection.request("GET", "/healthz")
        assert connection.getresponse().status == 200
    finally:
        CONF.write_text(good)
        shutil.rmtree(folder)
        systemctl("daemon-reload")


run(globals())
