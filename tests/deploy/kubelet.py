"""What kubelet.sh holds, once the kubelet runs: the tests build on each other, in the order of a pod's life.

usage: kubelet.py FOLDER SECONDS      FOLDER: kubelet.sh's, with pod.json, kubelet.log, podlogs/ and pods/
"""

import ctypes
import json
import os
import re
import shutil
import socket
import struct
import sys
import time
import urllib.request
from pathlib import Path

import patience
from tap import run
from wire import Client

WORK, SECONDS = Path(sys.argv[1]), float(sys.argv[2])
SOCKET = str(WORK / "socket/sidetokd.sock")  # through a link to the volume, whose own path is longer than a socket's may be
MANIFEST = WORK / "pods/vllm.json"
REQUEST_BYTES, UNDER_WAY = 10 << 20, 6


def wait_until(condition):
    """What the kubelet does takes its periods and grace; each question is one to its read-only port."""
    patience.wait_until(condition, seconds=300, pause=0.05)


def say(text):
    print(f"# {time.strftime('%H:%M:%S')} {text}", flush=True)


def kubelet(path):
    with urllib.request.urlopen("http://127.0.0.1:10255/" + path, timeout=120) as answer:
        return answer.read().decode()


def pod():
    """What the kubelet says of the pod's containers, by name; {} without a pod."""
    pods = json.loads(kubelet("pods"))["items"] or []
    status = pods[0]["status"] if pods else {}
    return {it["name"]: it for it in status.get("initContainerStatuses", []) + status.get("containerStatuses", [])}


def is_ready():
    containers = pod()
    return len(containers) == 2 and all(it["ready"] for it in containers.values())


def restarts():
    return pod()["sidetok"]["restartCount"]


def liveness(result):
    """How many liveness probes of the sidecar had this result, by the kubelet's count."""
    pattern = rf'^prober_probe_total{{container="sidetok",.*probe_type="Liveness",result="{result}"}} (\S+)'
    return sum(int(float(count)) for count in re.findall(pattern, kubelet("metrics/probes"), re.M))


def process():
    """The sidecar that listens now, by the kernel's word; None while nobody answers."""
    try:
        client = Client(SOCKET, timeout=60)
        if not client.ask("ping").value["ready"]:
            return None
        return struct.unpack("3i", client.socket.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
    except (OSError, EOFError):
        return None


def logged(since):
    """(when, what) of the sidecar's log, and of the kubelet's lines that tell of probes and ends."""
    lines = []
    for file in (WORK / "podlogs").rglob("*.log*"):
        if file.parent.name == "sidetok":
            for line in file.read_text(errors="replace").splitlines():
                if found := re.match(r"\d{4}-(\d\d)-(\d\d)T(\d\d:\d\d:\d\d\.\d{3})\S* \S+ \S (.*)", line):
                    month, day, at, text = found.groups()
                    lines.append((f"{month}{day} {at}", text))
    for line in (WORK / "kubelet.log").read_text(errors="replace").splitlines():
        if found := re.match(r'.(\d{4} \d\d:\d\d:\d\d\.\d{3})\d* .*?\] ("(?:Probe failed|Killing container).*)', line):
            lines.append((found.group(1), re.sub(r' (?:podUID|containerID|output)=(?:"(?:\\.|[^"])*"|<$)', "", found.group(2))))
    return sorted((line for line in lines if line[0] >= since), key=lambda line: line[0])


def show(since):
    for at, text in logged(since):
        print(f"#   {at.split()[1]} {text}")


def now():
    at = time.time_ns()
    return time.strftime("%m%d %H:%M:%S", time.gmtime(at // 10**9)) + f".{at // 10**6 % 1000:03}"


def test_the_server_starts_when_the_sidecar_is_ready():
    since = now()
    shutil.copy(WORK / "pod.json", WORK / "pods/.new")
    os.rename(WORK / "pods/.new", MANIFEST)
    wait_until(is_ready)
    sidecar, server = pod()["sidetok"], pod()["vllm"]
    assert sidecar["started"] and sidecar["restartCount"] == server["restartCount"] == 0
    ready = next(at for at, text in logged(since) if text.endswith(">ready"))
    started = server["state"]["running"]["startedAt"]  # in whole seconds
    assert ready.split()[1].split(".")[0] <= started[11:19] or ready[2:4] != started[8:10], (ready, started)
    [volume] = (WORK / "kubelet/pods").glob("*/volumes/kubernetes.io~empty-dir/sidetok")
    (WORK / "socket").symlink_to(volume)
    assert process()
    say(f"ready, restarts {restarts()}")


def test_a_load_of_10_mb_requests_restarts_nothing():
    prose = "The quick brown fox jumps over the lazy dog; 1234 times, or so they say.\n"
    texts = [(unit * (REQUEST_BYTES // len(unit) + 1))[:REQUEST_BYTES] for unit in ("word ", prose, "x1 ")]
    before, probes = process(), liveness("successful")
    client, sent, n, slowest, begin = Client(SOCKET, timeout=300), [], 0, 0.0, time.monotonic()
    end = False
    while sent or not end:
        # at least so long, and at least three probes long
        end = end or (time.monotonic() - begin >= SECONDS and liveness("successful") >= probes + 3)
        while len(sent) < UNDER_WAY and not end:
            sent.append((client.send("encode", {"text": texts[n % len(texts)]}, want=4), time.monotonic()))
            n += 1
        if sent:
            got, reply = client.receive()
            number, at = sent.pop(0)
            assert got == number and reply.code == 0, (got, number, reply.type, reply.message)
            slowest = max(slowest, time.monotonic() - at)
    seconds, probes = time.monotonic() - begin, liveness("successful") - probes
    say(f"{n} requests of 10 MB in {seconds:.0f} s, {UNDER_WAY} under way at a time, all answered in order; the slowest took {slowest:.1f} s")
    assert process() == before and restarts() == 0 and is_ready()
    say(f"restarts {restarts()}, {probes} liveness probes of it passed and {liveness('failed')} failed")


def test_killed_it_is_back():
    before, begin = process(), time.monotonic()
    os.kill(before, 9)
    wait_until(lambda: process() not in (None, before))
    say(f"kill -9: another process answers after {time.monotonic() - begin:.1f} s")
    wait_until(lambda: is_ready() and restarts() == 1)


def worker_of(number):
    return next(int(task.name) for task in Path(f"/proc/{number}/task").iterdir() if (task / "comm").read_text() == "sidetok-worker\n")


def test_really_stuck_it_is_restarted():
    """A debugger stops the worker with a request before it: PTRACE_SEIZE, PTRACE_INTERRUPT."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    before, since, begin = process(), now(), time.monotonic()
    worker = worker_of(before)
    assert libc.ptrace(0x4206, worker, None, None) == 0 and libc.ptrace(0x4207, worker, None, None) == 0
    os.waitpid(worker, 0x40000000)
    say("the worker is stopped by a debugger, one request is sent")
    client = Client(SOCKET)  # held: what a client that is gone has asked is dropped, and no worker is stuck without work
    client.send("encode", {"text": "Hello"})
    wait_until(lambda: os.waitpid(worker, 0x40000000 | os.WNOHANG)[0] == worker)  # the tracer's part of its end
    wait_until(lambda: process() not in (None, before))
    say(f"another process answers after {time.monotonic() - begin:.0f} s")
    wait_until(lambda: is_ready() and restarts() == 2)
    show(since)
    assert any("Probe failed" in text and "Liveness" in text for _, text in logged(since))


def test_the_server_ends_before_the_sidecar():
    since, sidecar = now(), Path(f"/proc/{process()}")
    MANIFEST.unlink()
    say("the pod is deleted")
    wait_until(lambda: not sidecar.exists())
    show(since)
    killed = [re.search(r'containerName="(\w+)"', text).group(1) for _, text in logged(since) if "Killing container" in text]
    assert killed == ["vllm", "sidetok"], killed


run(globals())
