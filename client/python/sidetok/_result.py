"""A reply as Python objects."""

from __future__ import annotations

import builtins
import ctypes
from array import array
from dataclasses import dataclass, field
from typing import Any, Callable, Optional

import msgpack

from . import exceptions
from ._native import library, view


@dataclass
class Result:
    """What a request was answered with; what was not asked for is None or empty."""

    ids: "array[int]" = field(default_factory=lambda: array("I"))
    text: Optional[str] = None
    count: Optional[int] = None
    prefix_ids: Optional["array[int]"] = None
    lengths: Optional["array[int]"] = None  # apply with a list of conversations: how many of the ids are each one's
    images: list[tuple[int, int]] = field(default_factory=list)
    audios: list[tuple[int, int]] = field(default_factory=list)
    value: Any = None

    def parts(self) -> "builtins.list[array[int]]":
        """The ids of each conversation of an apply with a list of them; of anything else the ids alone."""
        parts: builtins.list[array[int]] = []
        begin = 0
        for n in self.lengths if self.lengths is not None else [len(self.ids)]:
            parts.append(self.ids[begin : begin + n])
            begin += n
        return parts

    def list(self) -> "list[int]":
        """The ids as a list: 34 ms for a million, so only on request."""
        return self.ids.tolist()


def _bytes(get: Callable[..., Any], reply: int) -> Optional[memoryview]:
    size = ctypes.c_size_t()
    address = get(reply, ctypes.byref(size))
    return view(address, size.value) if address else None


def _text(get: Callable[..., Any], reply: int) -> Optional[str]:
    found = _bytes(get, reply)
    return None if found is None else str(found, "utf-8", "surrogatepass")


def _ids(get: Callable[..., Any], reply: int) -> Optional["array[int]"]:
    n = ctypes.c_size_t()
    address = get(reply, ctypes.byref(n))
    if not address:
        return None
    ids = array("I")
    ids.frombytes(view(address, n.value * 4))
    return ids


def _pairs(get: Callable[..., Any], reply: int) -> "list[tuple[int, int]]":
    pairs: list[tuple[int, int]] = []
    first, second = ctypes.c_uint64(), ctypes.c_uint64()
    while get(reply, len(pairs), ctypes.byref(first), ctypes.byref(second)):
        pairs.append((first.value, second.value))
    return pairs


def _unpack(get: Callable[..., Any], reply: int) -> Any:
    found = _bytes(get, reply)
    return None if found is None else msgpack.unpackb(found, unicode_errors="surrogatepass", strict_map_key=False)


def _text_of(value: Any) -> Any:
    return value.decode("utf-8", "surrogatepass") if isinstance(value, bytes) else value


def _entries(reply: int) -> "list[dict[str, Any]]":
    """A text with lone surrogates travels as bytes."""
    found = _unpack(library.sidetok_reply_errors, reply) or []
    return [
        {key: [_text_of(part) for part in value] if key == "loc" else _text_of(value) for key, value in entry.items()}
        for entry in found
    ]


def read_error(reply: int) -> Optional[BaseException]:
    """The exception that a reply stands for; None for an answer."""
    code = library.sidetok_reply_error(reply)
    if code == 0:
        return None
    name = _text(library.sidetok_reply_type, reply) or ""
    message = _text(library.sidetok_reply_message, reply) or ""
    if code >= 100 or _text(library.sidetok_reply_family, reply) == "service":
        return exceptions.service_error(code, message, name)
    return exceptions.reference_error(name, message, _entries(reply))


def read_result(reply: int) -> Result:
    count = library.sidetok_reply_count(reply)
    return Result(
        ids=_ids(library.sidetok_reply_ids, reply) or array("I"),
        text=_text(library.sidetok_reply_text, reply),
        count=None if count < 0 else count,
        prefix_ids=_ids(library.sidetok_reply_prefix_ids, reply),
        lengths=_ids(library.sidetok_reply_lengths, reply),
        images=_pairs(library.sidetok_reply_image, reply),
        audios=_pairs(library.sidetok_reply_audio, reply),
        value=_unpack(library.sidetok_reply_value, reply),
    )
