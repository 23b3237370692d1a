"""Whether an answer of `sidetok batch` is what a recorded case expects."""

import hashlib
import struct


def digest_ids(ids):
    raw = struct.pack("<%dI" % len(ids), *ids)
    return {"count": len(ids), "sha256": hashlib.sha256(raw).hexdigest()}


def digest_text(text):
    raw = text.encode("utf-8", "surrogatepass")
    return {"bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}


def same_value(expected, got):
    """Long results are recorded as digests; the answer is always whole."""
    if isinstance(expected, dict) and "sha256" in expected:
        if isinstance(got, list):
            return digest_ids(got) == expected
        return isinstance(got, str) and digest_text(got) == expected
    return expected == got and type(expected) is type(got)


def same_error(expected, got):
    if not isinstance(got, dict):
        return False
    right = expected.get("any_of") or [expected["message"]]
    for name in expected:
        if name in ("message", "any_of"):
            continue
        if name == "errors" and len(right) > 1:  # they carry the message, of which several are right
            continue
        if expected[name] != got.get(name):
            return False
    return got.get("message") in right


def same(expect, answer):
    """answer: without the record's id."""
    if "error" in expect or "error" in answer:
        return "error" in expect and "error" in answer and same_error(expect["error"], answer["error"])
    return expect.keys() == answer.keys() and all(same_value(expect[name], answer[name]) for name in expect)


def clip(text, n=160):
    return text if len(text) <= n else text[: n // 2] + " ... " + text[-n // 2 :]


def first_difference(expect, answer):
    """Two short texts, expected and got, cut to where they part."""
    a, b = repr(expect), repr(answer)
    at = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
    start = max(0, at - 60)
    return clip(a[start : start + 400], 400), clip(b[start : start + 400], 400)
