"""How long sidetokd takes to be ready, and what it keeps resident then. usage: start.py BUILD MODEL [RUNS]

From exec to READY=1 on the service manager's socket; medians. Prints one JSON line.
"""

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def start_once(build, model, folder):
    """Milliseconds, CPU milliseconds and resident bytes."""
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notify.bind(f"{folder}/notify")
    notify.settimeout(60)
    begin = time.perf_counter()
    daemon = subprocess.Popen([build / "sidecar/sidetokd", "--listen", f"ipc://{folder}/s", "--tokenizer", f"m={model}"],
                              stderr=subprocess.DEVNULL, env={**os.environ, "NOTIFY_SOCKET": f"{folder}/notify"})
    while b"READY=1" not in notify.recv(4096):
        pass
    took = 1000 * (time.perf_counter() - begin)
    resident = 4096 * int(Path(f"/proc/{daemon.pid}/statm").read_text().split()[1])
    ticks = Path(f"/proc/{daemon.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    daemon.kill()
    daemon.wait()
    return took, 1000 * sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK"), resident


def main():
    build, model = Path(sys.argv[1]), sys.argv[2]
    runs = []
    for _ in range(int(sys.argv[3]) if len(sys.argv) > 3 else 5):
        with tempfile.TemporaryDirectory() as folder:
            runs.append(start_once(build, model, folder))
    took, cpu, resident = map(statistics.median, zip(*runs))
    print(json.dumps({"model": Path(model).name, "ready_ms": round(took), "cpu_ms": round(cpu), "resident_mb": round(resident / 2**20)}))


if __name__ == "__main__":
    main()
