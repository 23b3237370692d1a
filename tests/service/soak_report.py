"""What a soak measures and how it is judged: see soak.py."""

import ctypes
import os
import resource
import time
from collections import Counter
from pathlib import Path

import soak_chart

COLUMNS = ("steady", "killed", "c", "python", "go")


def measure(pid, memory="VmRSS"):
    """(resident MB, descriptors, threads); None of a process that is gone. Of a client RssAnon: without the file of the cases, which it maps."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
        values = dict(line.split(":", 1) for line in status.splitlines())
        return int(values[memory].split()[0]) / 1024, len(os.listdir(f"/proc/{pid}/fd")), int(values["Threads"])
    except (OSError, KeyError):
        return None


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def median(values):
    return sorted(values)[len(values) // 2]


def settled(pid, fresh=None):
    """(descriptors, threads) once what is under way has ended: the least of some looks. Those of a fresh one may take a minute to be reached."""
    least, end = None, time.monotonic() + (60 if fresh else 6)
    while time.monotonic() < end:
        look = measure(pid)[1:]
        least = min(least or look, look)
        if fresh and look[0] <= fresh[0] and look[1] <= fresh[1]:
            return look
        time.sleep(0.2)
    return least


def growth(soak, name, place):
    """Memory, descriptors or threads: (median of minutes 10 to 20, of the last tenth); of a run below an hour, of its second and its last fifth."""
    last = soak.rows[-1][0]
    is_long = last >= 3600
    low, high, late = (600, 1200, last * 0.9) if is_long else (last / 5, last * 2 / 5, last * 0.8)
    values = [(time, found[name][place]) for time, found in soak.rows if name in found]
    return median([value for time, value in values if low <= time <= high]), median([value for time, value in values if time >= late])


def write(soak, directory):
    directory.mkdir(parents=True, exist_ok=True)
    names = [name for name in COLUMNS if any(name in found for _, found in soak.rows)]
    with open(directory / "soak.csv", "w", encoding="ascii") as file:
        file.write("second," + ",".join(f"{name}_mb,{name}_descriptors,{name}_threads" for name in names) + "\n")
        for time_, found in soak.rows:
            file.write(f"{time_:.1f}," + ",".join("%.2f,%d,%d" % found[name] if name in found else ",," for name in names) + "\n")
    keys = [f"{name}_{what}" for name in ("steady", "killed") for what in ("n", "p50", "p99")]
    with open(directory / "soak-latency.csv", "w", encoding="ascii") as file:
        file.write("second," + ",".join(keys) + "\n")
        for time_, row in soak.minutes:
            file.write(f"{time_:.1f}," + ",".join(str(row.get(key, "")) for key in keys) + "\n")
    if len(soak.rows) > 1 and len(soak.minutes) > 1:
        soak_chart.draw(directory)


def nng_leaves_things_behind():
    """Whether this nng, once stuck, leaves a thread, a descriptor and a socket behind for each loss: before 1.9. See docs/reliability.md."""
    try:
        library = ctypes.CDLL("libnng.so.1")
    except OSError:
        return False
    library.nng_version.restype = ctypes.c_char_p
    return tuple(map(int, library.nng_version().decode().split(".")[:2])) < (1, 9)


def judge(soak, fresh):
    """What lived through it: prints its figures, and gives what is wrong with them."""
    wrong = []
    for name, sidecar in soak.sidecars.items():
        after = settled(sidecar.pid, fresh)
        print(f"{name} sidecar: descriptors and threads {after}, of a fresh one {fresh}; {sidecar.kills} kills, {sidecar.reloads} reloads, begun anew "
              f"{sidecar.anew} times, {sidecar.listeners} listeners renewed, {cpu_seconds(sidecar.pid):.0f} s of CPU since its start")
        if after[0] > fresh[0] or after[1] > fresh[1]:
            wrong.append(f"descriptors or threads are left in the {name} sidecar")
    for name in ("steady", *soak.spared()):
        kept = [growth(soak, name, place) for place in range(3)]
        print(f"{name}: " + ", ".join(f"{a:.{d}f} to {b:.{d}f} {what}" for (a, b), d, what in zip(kept, (1, 0, 0), ("MB", "descriptors", "threads"))))
        left = [late - early for early, late in kept[1:]]
        if left[1] > 2 and name in ("c", "python") and nng_leaves_things_behind():
            print(f"{name}: nng got stuck in it and leaves something behind for each loss since, as docs/reliability.md says: not judged")
            continue
        if kept[0][1] > kept[0][0] * 1.05 + 2:
            wrong.append(f"the memory of {name} grew")
        if max(left) > 2:
            wrong.append(f"{name} keeps descriptors or threads")
    return wrong


def report(soak, fresh):
    """Prints what happened. Returns how much of it is wrong."""
    seconds, ended = soak.now(), sum(soak.outcomes.values())
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    busy = sum(u.ru_utime + u.ru_stime for u in used) + sum(cpu_seconds(sidecar.pid) for sidecar in soak.sidecars.values())
    outcomes = ", ".join(f"{n} {what}" for what, n in soak.outcomes.most_common())
    print(f"{ended} requests of {len(soak.clients)} clients in {seconds:.0f} s, {busy / seconds:.2f} cores in all; {soak.sidecars['killed'].kills} kills of the sidecar, "
          f"{soak.client_kills} of clients: {outcomes}; {soak.n_abandoned} more were under way in killed clients")
    wrong = judge(soak, fresh) + soak.mistakes
    for name in ("steady", "killed"):
        for what in ("p50", "p99"):
            values = [row[f"{name}_{what}"] for _, row in soak.minutes if f"{name}_{what}" in row]
            print(f"latency at the {name} sidecar, {what} of a minute: median {median(values):.1f} ms, most {max(values):.1f} ms")
    for text, n in Counter(wrong).most_common(20):
        print(f"wrong: {text}" + (f", {n} times" if n > 1 else ""))
    print(f"{ended - min(ended, len(soak.mistakes))} passed, {len(wrong)} failed")
    return len(wrong)
