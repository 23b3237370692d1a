"""Live differential fuzz of sounds: files of every format, whole, cut and broken, in chats, transcriptions, speeches and `apply`.

usage: fuzz_sounds.py [--library system], with the options of fuzz_requests.py

Compares ids, samples, rates and errors. The reference brings libsndfile 1.2.2 with it; sidetok links the system's, which reads some broken files
otherwise. A difference that is gone when the reference reads with the system's library is counted by the file's format, and is no failure;
--library system asks so from the start, and then each difference is one. The two run in processes of their own.
"""

import json
import random
import subprocess
import sys

LIBRARY = "--library"
if LIBRARY in sys.argv:  # before soundfile is imported, which takes its own library where it finds it
    at = sys.argv.index(LIBRARY)
    if sys.argv[at + 1] == "system":
        sys.modules["_soundfile_data"] = None
    del sys.argv[at : at + 2]

import fuzz_requests
from request_breaker import Breaker
from request_maker import DELAYS, LANGUAGES, VOICES
from sound_maker import SoundMaker

WEIGHTS = {"chat": 6, "transcription": 6, "speech": 4, "apply": 1}


class RequestMaker:
    def __init__(self, rng):
        self.rng = rng
        self.sounds = SoundMaker(rng)
        self.names = []

    def sound(self):
        name, data = self.sounds.file()
        self.names.append(name)
        return data

    def chunk(self):
        pick, data = self.rng.choice, self.sound()
        if self.rng.random() < 0.3:
            url = self.sounds.text(data)
            return {"type": "audio_url", "audio_url": pick([url, {"url": url}])}
        value = self.sounds.value(data)
        return {"type": "input_audio", "input_audio": pick([value, {"data": value, "format": pick(["wav", "mp3", "x", None])}, {"data": value}])}

    def message(self, role):
        parts = [self.chunk() if self.rng.random() < 0.6 else {"type": "text", "text": self.rng.choice(["", "a", "b c"])} for _ in range(self.rng.choice([1, 1, 1, 2, 3]))]
        return {"role": role, "content": parts if self.rng.random() < 0.9 else "hello"}

    def chat(self):
        roles = self.rng.choice([["user"]] * 6 + [["system", "user"], ["user", "user"], ["user", "assistant", "user"], ["user", "assistant"], ["system"]])
        return {"messages": [self.message(role) for role in roles]}

    def apply(self):
        source = {"type": "audio", "base64": self.sounds.text(self.sound())}
        return {"messages": [{"role": "user", "content": [self.chunk() if self.rng.random() < 0.3 else source]}]}

    def transcription(self):
        value = self.sounds.value(self.sound())
        request = {"audio": self.rng.choice([value] * 4 + [{"data": value}, {"data": value, "format": "mp3"}])}
        for name, values, chance in (("language", LANGUAGES, 0.3), ("target_streaming_delay_ms", DELAYS, 0.3), ("strict_audio_validation", [True, False, "no"], 0.1)):
            if self.rng.random() < chance:
                request[name] = self.rng.choice(values)
        if self.rng.random() < 0.5:
            request["streaming"] = self.rng.choice(["disabled", "online", "offline", "offline", "offline"])
        if request.get("streaming") == "online" and self.rng.random() < 0.4:
            request["audio"] = ""
        return request

    def speech(self):
        request = {"input": self.rng.choice(["a", "", "Hello, world!", "é\n", "[AUDIO]"])}
        if self.rng.random() < 0.8:
            request["ref_audio"] = self.sounds.value(self.sound())
        if self.rng.random() < 0.4:
            request["voice"] = self.rng.choice(VOICES)
        return request


class Second:
    """This program once more, with the system's library: asked about one case at a time."""

    def __init__(self, arguments):
        self.command = [sys.executable, __file__, LIBRARY, "system", *arguments, "--show", "0"]

    def agrees(self, number):
        done = subprocess.run([*self.command, "--only", str(number)], stdout=subprocess.PIPE, text=True)
        return '{"same": true}' in done.stdout


class SoundFuzz(fuzz_requests.Fuzz):
    def __init__(self, options):
        super().__init__(options)
        system = sys.modules.get("_soundfile_data", True) is None
        self.second = None if system or options.only is not None else Second([a for a in sys.argv[1:]])

    def make_case(self, number):
        rng = random.Random(f"{self.options.seed}/{number}")
        op = rng.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        maker = RequestMaker(rng)
        request = getattr(maker, op)()
        if rng.random() < 0.05:
            request = Breaker(rng).change(request)
        sounding = [t[0] for t in self.tokenizers if t[3]]
        self.names = " + ".join(maker.names)
        return {"id": f"{self.options.seed}/{number}", "tokenizer": rng.choice(sounding), "op": op, "request": request}

    def case(self, number):
        before, seen = dict(self.counts), len(self.shown)
        record = self.make_case(number)
        names = self.names
        found = self.differs(record)
        if found and self.second and self.second.agrees(number):
            self.outcomes[f"read otherwise by the system's library: {names}"] += 1
            self.counts["deviation: the library's version"] += 1
            if self.counts["deviation: the library's version"] <= self.options.show:
                print(f"library: --only {number} {names}: expected {short(found[0])}, got {short(found[1])}", flush=True)
            return
        super().case(number)


def short(answer):
    return str(answer.get("error", {}).get("message") or answer.get("audios") or answer)[:150]


if __name__ == "__main__":
    fuzz_requests.Fuzz = SoundFuzz
    sys.exit(fuzz_requests.main())
