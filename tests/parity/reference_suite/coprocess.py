"""`sidetok batch` as a co-process: one record out, one answer back. One process for each tokenizer file."""

import json
import subprocess
from collections import OrderedDict

OPEN_AT_MOST = 8  # tokenizers of 15 MB each


class Sidetok:
    def __init__(self, program):
        self.program = program
        self.processes = OrderedDict()

    def process(self, path):
        if path in self.processes:
            self.processes.move_to_end(path)
            return self.processes[path]
        if len(self.processes) == OPEN_AT_MOST:
            self.end(self.processes.popitem(last=False)[1])
        self.processes[path] = subprocess.Popen(
            [self.program, "batch", "--tokenizer", f"t={path}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, encoding="utf-8", errors="surrogatepass", stderr=subprocess.DEVNULL)
        return self.processes[path]

    def ask(self, path, op, request, **more):
        """The answer's members without its id."""
        process = self.process(path)
        process.stdin.write(json.dumps({"id": "c", "tokenizer": "t", "op": op, "request": request, **more}) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"sidetok ended with status {process.wait()} at {op} {request!r:.300}")
        answer = json.loads(line)
        del answer["record" if "record" in answer else "id"]  # the answer of special_id has an "id" of its own
        return answer

    @staticmethod
    def end(process):
        process.stdin.close()
        process.wait()

    def close(self):
        for process in self.processes.values():
            self.end(process)
