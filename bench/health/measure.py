"""How long GET /health takes while long requests are answered. The servers under test run already.

usage: measure.py --out FILE --path PATH [--rounds N] [--clients N] [--pause SECONDS] --text NAME... NAME=BASE_URL...

NAME=BASE_URL   a server; all are measured in turns, round by round
--path          where the requests are posted: {"messages": [{"role": "user", "content": TEXT}]}
--text          KIND:SIZE:COUNT, such as word:500KB:10 or prose:1MB:5: so many requests, one after the other
--clients       so many post them at the same time, COUNT each; 1 by default
--warm-ups      so many of each text are posted before it is measured; 1 by default
--out           what was measured, as JSON; plot.py makes a picture and a table of it
--append        keeps what the file holds already

/health is asked on a schedule of every 5 ms over one connection. A late answer counts for each of the schedule's moments that it held up, so
that a long silence is not one sample. Requests come from other processes.
"""

import argparse
import http.client
import json
import multiprocessing
import socket
import time
import urllib.parse
from pathlib import Path

PERIOD = 0.005
LICENSES = Path("/usr/share/common-licenses")
UNITS = {"KB": 1 << 10, "MB": 1 << 20}


def make_text(kind, size):
    """`size` bytes of "word ", or of English text that every Debian carries."""
    unit = "word "
    if kind == "prose":
        unit = "\n\n".join(p.read_text(encoding="ascii", errors="ignore") for p in sorted(LICENSES.iterdir()) if p.is_file())
    return (unit * (size // len(unit) + 1))[:size]


def read_size(text):
    return int(text[:-2]) * UNITS[text[-2:]]


def post_all(url, path, body, count, pause, times):
    """Posts one after the other; puts (begin, end, status) of each."""
    address = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=300)
    for _ in range(count):
        time.sleep(pause)
        begin = time.monotonic()
        connection.request("POST", path, body, {"content-type": "application/json"})
        response = connection.getresponse()
        response.read()
        times.put((begin, time.monotonic(), response.status))
    times.put(None)


def ask_health(connection):
    connection.sendall(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n")
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(4096)
    assert data.startswith(b"HTTP/1.1 200"), data


def watch(url, is_over):
    """(scheduled moment, seconds until it was answered) for each moment of the schedule."""
    address, samples = urllib.parse.urlsplit(url), []
    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        due = time.monotonic()
        while not is_over():
            time.sleep(max(0.0, due - time.monotonic()))
            ask_health(connection)
            answered = time.monotonic()
            while due <= answered:
                samples.append((due, answered - due))
                due += PERIOD
    return samples


def measure(url, path, body, count, options):
    times = multiprocessing.Queue()
    arguments = (url, path, body, count, options.pause, times)
    processes = [multiprocessing.Process(target=post_all, args=arguments) for _ in range(options.clients)]
    for process in processes:
        process.start()
    told = []

    def is_over():
        while not times.empty():
            told.append(times.get())
        return told.count(None) == options.clients

    samples = watch(url, is_over)
    for process in processes:
        process.join()
    return {"requests": sorted(one for one in told if one), "health": samples}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True)
    parser.add_argument("--path", required=True)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--clients", type=int, default=1)
    parser.add_argument("--pause", type=float, default=0.2)
    parser.add_argument("--warm-ups", type=int, default=1)
    parser.add_argument("--append", action="store_true")
    parser.add_argument("--text", action="append", required=True)
    parser.add_argument("servers", nargs="+")
    options = parser.parse_args()
    runs = json.loads(Path(options.out).read_text()) if options.append and Path(options.out).exists() else []
    for turn in range(options.rounds):
        for text in options.text:
            kind, size, count = text.split(":")
            body = json.dumps({"messages": [{"role": "user", "content": make_text(kind, read_size(size))}]}).encode()
            for server in options.servers:
                name, url = server.split("=", 1)
                if turn == 0:
                    post_all(url, options.path, body, options.warm_ups, 0, multiprocessing.SimpleQueue())
                run = measure(url, options.path, body, int(count), options)
                if any(status != 200 for _, _, status in run["requests"]):
                    raise SystemExit(f"{name}: a request was not answered with status 200")
                runs.append({"server": name, "kind": kind, "size": size, "round": turn, **run})
    Path(options.out).write_text(json.dumps(runs))


if __name__ == "__main__":
    main()
