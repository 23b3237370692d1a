"""Small tokenizer files, and requests for them: what is loaded a thousand times in a test."""

import base64
import json
import re
import struct
from pathlib import Path

CONTROL = Path(__file__).resolve().parents[2] / "sidecar/support/control.def"
AUDIO = {"sampling_rate": 16000, "frame_rate": 12.5, "chunk_length_s": 1.0,
         "audio_encoding_config": {"num_mel_bins": 128, "hop_length": 160, "window_size": 400}}
IMAGE = {"image_patch_size": 16, "max_image_size": 1024}
PIECES = (b"ab", b"abc", b" a", b" ab", b"th", "é".encode())


def controls():
    return re.findall(r'^X\(\w+, "(.*)"\)', CONTROL.read_text(), re.M)


def small_tekken():
    names = controls()
    vocab = [bytes([byte]) for byte in range(256)] + list(PIECES[:5]) + ["é漢".encode()]
    return json.dumps({
        "config": {"version": "v13", "pattern": ".+", "default_vocab_size": len(vocab) + len(names), "default_num_special_tokens": len(names)},
        "special_tokens": [{"rank": rank, "token_str": name, "is_control": True} for rank, name in enumerate(names)],
        "vocab": [{"rank": rank, "token_bytes": base64.b64encode(piece).decode(), "token_str": None} for rank, piece in enumerate(vocab)],
        "image": IMAGE, "audio": AUDIO}).encode()


def varint(number):
    out = b""
    while number >= 0x80:
        out, number = out + bytes([number & 0x7F | 0x80]), number >> 7
    return out + bytes([number])


def field(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


def number(key, value):
    return varint(key << 3) + varint(value)


def piece(text, score, kind):
    return field(1, field(1, text) + varint(2 << 3 | 5) + struct.pack("<f", score) + number(3, kind))


def small_spm():
    out = piece(b"<unk>", 0, 2) + piece(b"<s>", 0, 3) + piece(b"</s>", 0, 3)
    out += b"".join(piece(name.encode(), 0, 3) for name in controls()[4:])
    out += b"".join(piece(b"<0x%02X>" % byte, 0, 6) for byte in range(256))
    texts = ["\u2581", "a", "b", "c", "ab", "abc", "\u2581a", "\u2581ab"]
    out += b"".join(piece(text.encode(), -rank, 1) for rank, text in enumerate(texts))
    return out + field(2, number(3, 2) + number(35, 1)) + field(3, number(3, 1) + number(4, 0) + number(5, 1))


def write_models(directory):
    """{name: path} of one file of each kind."""
    files = {"tekken": ("tekken.json", small_tekken()), "spm": ("m.model.v7", small_spm())}
    for file, content in files.values():
        (Path(directory) / file).write_bytes(content)
    return {name: Path(directory) / file for name, (file, _) in files.items()}


def chat():
    return json.dumps({"messages": [{"role": "user", "content": "abc ab"}, {"role": "assistant", "content": "cab"}, {"role": "user", "content": "1"}],
                       "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {"a": {"type": "string"}}}}}]})


def image_chat(png):
    url = "data:image/png;base64," + base64.b64encode(png).decode()
    return json.dumps({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}]})


def sound_chat(seconds=1):
    samples = bytes(32000 * seconds)
    wav = b"RIFF" + struct.pack("<I", 36 + len(samples)) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 16000, 32000, 2, 16) + b"data" + struct.pack("<I", len(samples)) + samples
    return json.dumps({"messages": [{"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": base64.b64encode(wav).decode(), "format": "wav"}}]}]})
