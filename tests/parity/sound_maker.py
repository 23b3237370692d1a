"""Sound files, whole and broken, and the many spellings of their bytes, from a random number generator: the seeds of fuzz_sounds.py.

WAV and its relatives are written by hand, all other formats by soundfile, where it is installed.
"""

import base64
import io
import struct

PCM = {"PCM_U8": (1, 8), "PCM_16": (1, 16), "PCM_24": (1, 24), "PCM_32": (1, 32), "FLOAT": (3, 32), "DOUBLE": (3, 64), "ALAW": (6, 8), "ULAW": (7, 8)}
RATES = [8000, 11025, 12000, 16000, 16000, 16000, 22050, 24000, 24000, 32000, 44100, 48000]
ODD_RATES = [1, 2, 7, 100, 999, 3999, 7350, 15999, 16001, 44056, 96000, 192000, 384000, 1000000, 2**31 - 1, 2**31, 2**32 - 1, 0]
LENGTHS = [0, 1, 2, 79, 80, 159, 160, 161, 319, 320, 399, 400, 401, 639, 640, 1279, 1280, 1281, 1919, 1920, 1921, 2560, 3840, 5001, 12800, 24000, 24001]
JUNK_CHUNKS = [(b"LIST", b"INFOISFT\6\0\0\0tests\0"), (b"fact", struct.pack("<I", 7)), (b"fact", struct.pack("<I", 10**9)), (b"junk", b"abc"), (b"bext", bytes(602)), (b"cue ", bytes(4)),
               (b"smpl", bytes(36)), (b"id3 ", b"ID3\4\0\0\0\0\0\0"), (b"PAD ", bytes(100)), (b"\0\0\0\0", b""), (b"data", bytes(40)), (b"PEAK", bytes(16)), (b"fmt ", bytes(16)), (b"ds64", bytes(28))]
NUMBERS = [0, 1, 2, 3, 4, 7, 8, 16, 17, 24, 32, 64, 80, 85, 127, 128, 255, 256, 1024, 1025, 2047, 32767, 65534, 65535, 2**24, 2**31 - 1, 2**31, 2**32 - 16, 2**32 - 1]
HEADS = ["data:audio/wav;base64,", "data:audio/mpeg;base64,", "data:;base64,", "data:audio/x;codecs=1;base64,", "DATA:audio/wav;base64,", "data:audio/wav;BASE64,", "data:audio/wav,",
         "data:audio/wav;base64", "data:", " data:audio/wav;base64,", "data:text/plain;base64,", "data:audio/wav;base64,,", "data:é;base64,", "data:image/png;base64,", "base64,", "file://", "http:"]


def silent(kind, count):
    return {"PCM_U8": b"\x80", "ALAW": b"\xd5", "ULAW": b"\xff"}.get(kind, bytes(PCM[kind][1] // 8)) * count


def chunk(name, body, order="<", size=None):
    return name + struct.pack(order + "I", (len(body) if size is None else size) & 0xFFFFFFFF) + body + b"\0" * (len(body) % 2)


class SoundMaker:
    def __init__(self, rng):
        self.rng = rng

    def maybe(self, chance):
        return self.rng.random() < chance

    def pick(self, values):
        return self.rng.choice(values)

    def rate(self):
        return self.pick(RATES) if self.maybe(0.93) else self.pick(ODD_RATES)

    def frames(self):
        n = self.pick(LENGTHS) if self.maybe(0.6) else int(10 ** (self.rng.random() * 4.5))
        return n if self.maybe(0.97) else n * 20

    def channels(self):
        return 1 if self.maybe(0.94) else self.pick([0, 2, 2, 3, 6])

    # WAV by hand

    def format_chunk(self, kind, rate, channels, order):
        code, bits = PCM[kind]
        align, bytes_a_second = channels * bits // 8, rate * channels * bits // 8
        if self.maybe(0.1):
            code, bits, align = self.pick([(self.pick(NUMBERS), bits, align), (code, self.pick([0, 4, 8, 12, 16, 20, 24, 32, 64]), align), (code, bits, self.pick(NUMBERS))])
        extra = self.pick([b""] * 6 + [b"\0\0", bytes(24), struct.pack(order + "HHI", 22, bits & 0xFFFF, 4) + struct.pack(order + "H", code & 0xFFFF) + bytes.fromhex("000000001000800000aa00389b71")])
        code = 0xFFFE if len(extra) == 24 and extra[0] + extra[1] else code
        return struct.pack(order + "HHIIHH", code & 0xFFFF, channels, rate & 0xFFFFFFFF, bytes_a_second & 0xFFFFFFFF, align & 0xFFFF, bits & 0xFFFF) + extra

    def junk_chunks(self, order):
        return b"".join(chunk(*self.pick(JUNK_CHUNKS), order) for _ in range(self.pick([0, 0, 0, 0, 1, 2])))

    def wav(self):
        kind, channels = self.pick(list(PCM)), self.channels()
        magic, order = self.pick([(b"RIFF", "<")] * 12 + [(b"RIFX", ">"), (b"RIFX", "<"), (b"RF64", "<")])
        body = silent(kind, self.frames() * channels)
        size = self.pick([None] * 8 + [0, len(body) - 1, len(body) + 1, len(body) // 2, len(body) * 2, self.pick(NUMBERS)])
        parts = [self.junk_chunks(order), chunk(b"fmt ", self.format_chunk(kind, self.rate(), channels, order), order), self.junk_chunks(order),
                 chunk(b"data", body, order, size), self.junk_chunks(order)]
        if self.maybe(0.03):
            self.rng.shuffle(parts)
        rest = self.pick([b"WAVE"] * 30 + [b"wave", b"AVI "]) + b"".join(parts)
        return magic + struct.pack(order + "I", len(rest) if self.maybe(0.9) else self.pick(NUMBERS)) + rest

    # other formats

    def coded(self):
        """(format and subtype, bytes) as soundfile writes it."""
        import numpy
        import soundfile

        name = self.pick(["FLAC", "OGG", "MP3"] * 4 + sorted(soundfile.available_formats()))
        subtype = self.pick(sorted(soundfile.available_subtypes(name)))
        rate, frames, channels = self.pick(RATES), min(self.frames(), 30000), max(self.channels(), 1)
        sound = numpy.zeros((frames, channels), dtype="float32")
        if self.maybe(0.3):
            sound += numpy.random.default_rng(frames).uniform(-0.05, 0.05, sound.shape).astype("float32")
        out = io.BytesIO()
        try:
            soundfile.write(out, sound, rate, format=name, subtype=subtype)
        except (RuntimeError, ValueError, AssertionError):  # not every rate, subtype and number of channels
            return "WAV", self.wav()
        return f"{name} {subtype}", out.getvalue()

    def whole(self):
        return ("WAV", self.wav()) if self.maybe(0.5) else self.coded()

    # damage

    def cut(self, data):
        return data[: self.rng.randrange(len(data) + 1) if self.maybe(0.5) else min(len(data), self.rng.randrange(300))]

    def changed(self, data):
        data = bytearray(data)
        for _ in range(self.pick([1, 1, 2, 5, 20])):
            at = self.rng.randrange(min(len(data), self.pick([12, 60, 300, len(data)])))
            data[at] = self.pick([0, 1, 127, 128, 255, self.rng.randrange(256), data[at] ^ (1 << self.rng.randrange(8))])
        return bytes(data)

    def number(self, data):
        at = self.rng.randrange(min(len(data), 100)) & ~1
        size = self.pick("HIIQ")
        return data[:at] + struct.pack(self.pick("<>") + size, self.pick(NUMBERS) & ((1 << 8 * struct.calcsize(size)) - 1)) + data[at + struct.calcsize(size) :]

    def shifted(self, data):
        extra = self.pick([b"\0", b"\xef\xbb\xbf", bytes(1000), b"ID3\3\0\0\0\0\0\x0a" + bytes(10), b"ID3\4\0\0\0\0\1\0" + bytes(128), b"garbage!", data])
        at = self.rng.randrange(len(data) + 1)
        return self.pick([extra + data, data + extra, data[:at] + data[at + self.pick([1, 2, 4, 30]) :], data[at:]])

    def no_sound(self):
        return self.pick([b"", b"\0" * 1000, b"\xff" * 1000, b"RIFF", b"hello world, this is no sound", b"\x89PNG\r\n\x1a\n" + bytes(100), b"\xff\xfb\x90\0" + bytes(400), b"\x1f\x8b\x08" + bytes(40),
                          b"#!AMR\n" + bytes(60), b"OggS" + bytes(60), b"fLaC" + bytes(60), self.rng.randbytes(200), b"caff\0\1\0\0" + bytes(60), b".snd" + bytes(60), b"FORM" + bytes(60)])

    def file(self):
        """(name of the format, bytes)"""
        if self.maybe(0.02):
            return "none", self.no_sound()
        name, data = self.whole()
        for _ in range(self.pick([0, 0, 0, 1, 1, 2])):
            if data:
                data = self.pick([self.cut, self.changed, self.changed, self.number, self.shifted])(data)
        return name, data

    # text

    def base64(self, data):
        text = base64.b64encode(data).decode()
        if self.maybe(0.8):
            return text
        at = self.rng.randrange(len(text) + 1)
        return self.pick([text.rstrip("="), text + "=", text[:at], text[:at] + self.pick(["\n", " ", "!*", "é", "=", "==", "\0", "\ud800", "-_", "A"]) + text[at:], text.replace("A", "-", 3), text.replace("/", "_"),
                          "\n".join(text[i : i + 76] for i in range(0, len(text), 76)), " " + text + " ", "", " ", "\ufeff" + text])

    def text(self, data):
        head = "" if self.maybe(0.6) else self.pick(HEADS[:2]) if self.maybe(0.6) else self.pick(HEADS)
        return head + self.base64(data)

    def value(self, data):
        """Text or raw bytes, as a request's member holds it."""
        return {"$bytes": base64.b64encode(data).decode()} if self.maybe(0.12) else self.text(data)
