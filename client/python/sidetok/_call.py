"""Each operation as a value: what is sent, and what of the reply is handed out."""

from __future__ import annotations

import json
import sys
from array import array
from dataclasses import dataclass
from typing import Any, Callable, Generic, Iterable, Mapping, Optional, TypeVar, Union

import msgpack

from ._result import Result

T = TypeVar("T")

IDS, TEXT, COUNT, PREFIX_IDS, IMAGES, AUDIOS = 1, 2, 4, 8, 16, 32
MODES = {"test": 0, "serving": 1, "finetuning": 2, "agnostic": 3}
OPTION_VLLM = 1
Tokens = Union["array[int]", Iterable[int]]


class Unpackable(TypeError):
    """A body that holds something else than plain data; nothing was sent."""


@dataclass
class Call(Generic[T]):
    op: str
    body: Any
    pick: Callable[[Result], T]
    want: int = IDS
    mode: str = "test"
    options: int = 0
    max_model_input_len: Optional[int] = None


def has_text_keys(body: Any) -> bool:
    """Whether every key is a str: msgpack would carry others, which JSON turns into text."""
    rest = [body]
    while rest:
        value = rest.pop()
        if isinstance(value, dict):
            for key, inner in value.items():
                if not isinstance(key, str):
                    return False
                if isinstance(inner, (dict, list, tuple)):
                    rest.append(inner)
        elif isinstance(value, (list, tuple)):
            rest.extend([inner for inner in value if isinstance(inner, (dict, list, tuple))])
    return True


def pack(body: Any) -> tuple[bool, bytes]:
    """(is msgpack, bytes). JSON where msgpack can't carry it: integers beyond 64 bits, keys that are no str, depth."""
    try:
        if has_text_keys(body):
            try:
                return True, msgpack.packb(body, unicode_errors="surrogatepass")
            except (OverflowError, ValueError):
                pass
        return False, json.dumps(body, separators=(",", ":")).encode("ascii")
    except TypeError as error:
        raise Unpackable(str(error)) from error


def _same(result: Result) -> Result:
    return result


def _value(result: Result) -> Any:
    return result.value


def _ids(result: Result) -> "array[int]":
    return result.ids


def _text(result: Result) -> str:
    return result.text or ""


def request(op: str, body: Any, **options: Any) -> Call[Result]:
    return Call(op, body, _same, **options)


def apply(messages: Any, tools: Any, arguments: Mapping[str, Any], vllm: bool) -> Call["array[int]"]:
    if isinstance(messages, (list, tuple)) and messages and isinstance(messages[0], (list, tuple)):
        raise TypeError('apply() answers one conversation: request("apply", {"messages": ...}).parts() answers a list of them')
    body = {"messages": messages, **arguments}
    if tools is not None:
        body["tools"] = tools
    return Call("apply", body, _ids, options=OPTION_VLLM if vllm else 0)


def encode(text: str, bos: bool, eos: bool) -> Call["array[int]"]:
    return Call("encode", {"text": text, "bos": bos, "eos": eos}, _ids)


def decode(tokens: Tokens, policy: str) -> Call[str]:
    is_packed = isinstance(tokens, array) and tokens.typecode == "I" and sys.byteorder == "little"
    body = tokens.tobytes() if is_packed else list(tokens)  # type: ignore[union-attr]
    return Call("decode", {"tokens": body, "policy": policy}, _text, want=TEXT)


def fim(prompt: str, suffix: Optional[str], want: int) -> Call[Result]:
    return Call("fim", {"prompt": prompt, "suffix": suffix}, _same, want=want)


def value(op: str) -> Call[Any]:
    return Call(op, None, _value)
