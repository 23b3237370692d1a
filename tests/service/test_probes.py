"""What probes are told: HTTP health, `sidetok ping --live`, the watchdog. And what hostile peers of health can do: nothing."""

import ctypes
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from service import COMMAND, PATIENCE, SLOW, SPM, BusyDaemon, Daemon, refused, run, slow_request, wait_until

HEALTH = ("--health", "tcp://127.0.0.1:0")
BOUND_MS = 50 * SLOW  # usually below 1


def port_of(daemon):
    daemon.wait_for_log("health on")
    return int(re.search(r"health on .*, port (\d+)", "\n".join(daemon.lines())).group(1))


def get(port, path, method="GET"):
    """(status, body) of one probe."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request(method, path)
    reply = connection.getresponse()
    body = reply.read()
    connection.close()
    return reply.status, json.loads(body) if body else None


def ping(daemon, *flags):
    return subprocess.run([COMMAND, "ping", "--connect", daemon.url, "--wait-ms", "5000", *flags], capture_output=True).returncode


def peer(port):
    return socket.create_connection(("127.0.0.1", port), PATIENCE)


def thread_named(process, name):
    """Its number; None where no thread of the process has this name."""
    tasks = Path(f"/proc/{process.pid}/task").iterdir()
    return next((int(task.name) for task in tasks if (task / "comm").read_text().strip() == name), None)


class Stopped:
    """Stops one thread of a process, as a debugger does, and lets it go on in the end."""

    SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17

    def __init__(self, process, name):
        libc = ctypes.CDLL(None, use_errno=True)
        libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
        self.ptrace = libc.ptrace
        wait_until(lambda: thread_named(process, name))  # a thread that was just made may not have its name yet
        self.thread = thread_named(process, name)

    def __enter__(self):
        if self.ptrace(self.SEIZE, self.thread, None, None) != 0:
            return False
        assert self.ptrace(self.INTERRUPT, self.thread, None, None) == 0
        os.waitpid(self.thread, 0x40000000)
        return True

    def __exit__(self, *_):
        self.ptrace(self.DETACH, self.thread, None, None)


def test_health_is_off_by_default():
    with Daemon() as daemon:
        listening = Path(f"/proc/{daemon.process.pid}/net/tcp").read_text()
        inodes = {os.readlink(fd) for fd in Path(f"/proc/{daemon.process.pid}/fd").iterdir()}
        ours = [line for line in listening.splitlines()[1:] if f"socket:[{line.split()[9]}]" in inodes]
        assert not ours, ours


def test_paths_tell_live_and_ready():
    with Daemon(*HEALTH) as daemon:
        port = port_of(daemon)
        for path in ("/livez", "/readyz", "/healthz"):
            status, body = get(port, path)
            assert status == 200 and body["live"] and body["ready"] and body["requests"] == 0, (path, status, body)
        assert get(port, "/livez", "HEAD") == (200, None)
        assert get(port, "/metrics")[0] == 404 and get(port, "/livez", "DELETE")[0] == 405
        assert ping(daemon) == ping(daemon, "--live") == 0


def slowest_probe(daemon, port):
    """ms; all of them while the worker is at work."""
    slowest = 0
    for _ in range(200):
        while daemon.waiting() < 2:  # so that one waits even if another ends right now
            daemon.client.send("chat", slow_request(), want=4)
        begin = time.perf_counter()
        status, body = get(port, "/healthz")
        slowest = max(slowest, time.perf_counter() - begin)
        assert status == 200 and body["working_ms"] + body["requests"] > 0, body
    print(f"# slowest of 200: {slowest * 1e3:.2f} ms")
    return slowest * 1e3


def test_health_answers_at_once_while_the_worker_works():
    with BusyDaemon(*HEALTH) as daemon:
        port = port_of(daemon)
        # a machine that others load makes a process wait by itself; a thread that waits for the worker is late every time
        assert any(slowest_probe(daemon, port) < BOUND_MS for _ in range(4)), f"over {BOUND_MS} ms in each round"


def test_a_full_queue_is_live_and_not_ready():
    with BusyDaemon(*HEALTH, "--queue-requests", "2") as daemon:
        port = port_of(daemon)
        for _ in range(2):
            daemon.client.send("chat", slow_request(), want=4)
        wait_until(lambda: daemon.waiting() == 2)
        assert get(port, "/livez")[0] == 200 and get(port, "/readyz")[0] == 503 and get(port, "/healthz")[0] == 503
        assert ping(daemon) == 1 and ping(daemon, "--live") == 0


def test_a_draining_sidecar_is_live_and_not_ready():
    with BusyDaemon(*HEALTH, "--drain-seconds", "100000") as daemon:
        port = port_of(daemon)
        for _ in range(20):  # it drains until the test has ended
            daemon.client.send("chat", slow_request(), want=4)
        wait_until(lambda: daemon.waiting() > 10)
        daemon.signal(signal.SIGTERM)
        daemon.wait_for_log("stopping")
        status, body = get(port, "/readyz")
        assert status == 503 and body["draining"] and get(port, "/livez")[0] == 200


def test_connections_that_say_nothing_do_not_keep_probes_away():
    with Daemon(*HEALTH) as daemon:
        port = port_of(daemon)
        silent = [peer(port) for _ in range(300)]
        assert get(port, "/livez")[0] == 200
        slow = [peer(port) for _ in range(40)]
        for one in slow:
            one.send(b"GET /livez HTTP/1.1\r\nX: ")
        assert get(port, "/livez")[0] == 200
        for one in silent[:200]:
            assert one.recv(1) == b"", "the oldest must give way"
        descriptors = len(os.listdir(f"/proc/{daemon.process.pid}/fd"))
        assert descriptors < 100, descriptors
        assert slow[-1].recv(1) == b"", "a silent peer must be dropped in the end"


def test_garbage_does_no_harm():
    with Daemon(*HEALTH) as daemon:
        port = port_of(daemon)
        for bytes_ in (b"\0" * 5000, b"\n\n", b"\r\n\r\n", os.urandom(5000), b"GET " + b"a" * 5000, b"GET /livez HTTP/1.1\r\n\r\n" * 100, b"\x16\x03\x01\x02\0\1"):
            one = peer(port)
            one.sendall(bytes_)
            one.shutdown(socket.SHUT_WR)
            one.close()
            assert get(port, "/livez")[0] == 200
        for _ in range(500):
            peer(port).close()
        flood = peer(port)
        try:
            for _ in range(1000):
                flood.sendall(b"GET /livez HTTP/1.1\r\n\r\n" * 1000)
            raise AssertionError("a peer that does not stop must be dropped")
        except OSError:
            pass
        assert get(port, "/livez")[0] == 200


def test_an_address_in_use_is_told():
    taken = socket.create_server(("127.0.0.1", 0))
    url = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
    with tempfile.TemporaryDirectory() as directory:
        status, said = refused("--tokenizer", f"v3={SPM}", "--listen", f"ipc://{directory}/s", "--health", url)
    assert status == 3 and url in said and "in use" in said, (status, said)


class Manager(threading.Thread):
    """The service manager's end of NOTIFY_SOCKET: hears everything, as the real one does."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.told = []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.start()

    def run(self):
        while True:
            self.told.append(self.socket.recv(4096).decode())

    def has_heard(self, word):
        return any(word in text for text in self.told)


def test_a_stuck_worker_fails_liveness_and_starves_the_watchdog():
    with tempfile.TemporaryDirectory() as directory:
        manager = Manager(directory + "/notify")
        with Daemon(*HEALTH, environment={"NOTIFY_SOCKET": directory + "/notify", "WATCHDOG_USEC": "3000000"}) as daemon:
            port, client = port_of(daemon), daemon.client()
            with Stopped(daemon.process, "sidetok-worker") as is_stopped:
                if not is_stopped:
                    print("# a debugger is not allowed here")
                    return
                sent = client.send("encode", {"text": "Hello"})
                assert get(port, "/livez")[0] == 200, "a request that has just begun is not stuck"
                daemon.wait_for_log("the worker is stuck")
                assert get(port, "/livez")[0] == get(port, "/readyz")[0] == 503
                assert ping(daemon, "--live") == 1
                wait_until(lambda: manager.has_heard("STATUS=stuck"))
                manager.told.clear()
                begin = get(port, "/livez")[1]["uptime_ms"]
                wait_until(lambda: get(port, "/livez")[1]["uptime_ms"] > begin + 2000)
                assert not manager.has_heard("WATCHDOG"), "a stuck worker must not be vouched for"
            assert client.receive()[0] == sent
            daemon.wait_for_log("the worker goes on")
            assert get(port, "/livez")[0] == 200 and ping(daemon) == 0
            wait_until(lambda: manager.has_heard("WATCHDOG"))


def test_a_stuck_worker_is_not_waited_for_at_the_end():
    with Daemon("--drain-seconds", "100000") as daemon:
        client, prober = daemon.client(), daemon.client()
        stopped = Stopped(daemon.process, "sidetok-worker")
        with stopped as is_stopped:
            if not is_stopped:
                print("# a debugger is not allowed here")
                return
            client.send("encode", {"text": "Hello"})
            wait_until(lambda: prober.ask("ping").value["requests"] == 1)  # else the end finds nothing to wait for
            daemon.signal(signal.SIGTERM)
            wait_until(lambda: os.waitpid(stopped.thread, 0x40000000 | os.WNOHANG)[0] == stopped.thread)
        assert daemon.process.wait(PATIENCE) == 0 and any("unanswered" in line for line in daemon.lines())


run(globals())
