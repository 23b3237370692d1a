"""What a request may end with: the reference's exceptions, and ServiceError for a question left unanswered.

Where mistral_common is installed, its own classes are raised; else classes of the same names, defined here.
"""

from __future__ import annotations

import binascii
import builtins
import json
import os
import re
from typing import Any, Optional

try:
    from mistral_common.exceptions import MistralCommonException as MistralCommonException
    import mistral_common.exceptions as _installed

    _reference: Any = _installed
except ImportError:
    _reference = None

    class MistralCommonException(Exception):  # type: ignore[no-redef]
        """Base of the exceptions that mistral_common names."""


_NAMES = (
    "TokenizerException",
    "UnsupportedTokenizerFeatureException",
    "InvalidRequestException",
    "InvalidSystemPromptException",
    "InvalidMessageStructureException",
    "InvalidAssistantMessageException",
    "InvalidToolMessageException",
    "InvalidToolSchemaException",
    "InvalidUserMessageException",
    "InvalidFunctionCallException",
    "InvalidToolException",
    "ImageDecodeException",
)


def _named(name: str) -> type[MistralCommonException]:
    found: Optional[type[MistralCommonException]] = getattr(_reference, name, None)
    return found or type(name, (MistralCommonException,), {"__module__": __name__})


_REFERENCE: dict[str, type[BaseException]] = {name: _named(name) for name in _NAMES}
globals().update(_REFERENCE)


_ENTRY_END = re.compile(r" \[type=(\w+), input_value=.*, input_type=\w+\]$", re.MULTILINE)


def _with_links(message: str) -> str:
    """pydantic's text as it would stand in this process: with a link of its version behind each entry, unless told not to.

    Rule: pydantic_core, PYDANTIC_ERRORS_INCLUDE_URL.
    """
    if os.environ.get("PYDANTIC_ERRORS_INCLUDE_URL", "1") not in ("1", "true"):
        return message
    try:
        from pydantic.version import VERSION
    except ImportError:
        return message
    address = "https://errors.pydantic.dev/" + ".".join(VERSION.split(".")[:2]) + "/v/"
    return _ENTRY_END.sub(lambda end: f"{end[0]}\n    For further information visit {address}{end[1]}", message)


class ValidationError(ValueError):
    """pydantic's ValidationError in name and text. Its own can't be built from a text; catch this one, or ValueError."""

    def __init__(self, message: str, errors: list[dict[str, Any]]) -> None:
        super().__init__(message)
        self._errors = errors

    def errors(self) -> list[dict[str, Any]]:
        """One dict for each error: type, loc (a tuple) and msg."""
        return [dict(error, loc=tuple(error.get("loc", ()))) for error in self._errors]

    def error_count(self) -> int:
        return len(self._errors)


class ServiceError(Exception):
    """The question was not answered; it need not be wrong. `code` and `word` are those of the protocol."""

    code = 0
    word = "service"

    def __init__(self, message: str, code: Optional[int] = None, word: Optional[str] = None) -> None:
        super().__init__(message)
        self.code = self.code if code is None else code
        self.word = self.word if word is None else word


class NoMemory(ServiceError, MemoryError):
    pass


class BadRequest(ServiceError):
    pass


class NotSupported(ServiceError):
    pass


class UnknownTokenizer(ServiceError):
    pass


class UnknownVersion(ServiceError):
    pass


class UnknownOp(ServiceError):
    pass


class Busy(ServiceError):
    pass


class Expired(ServiceError, TimeoutError):
    pass


class TooLarge(ServiceError):
    pass


class Canceled(ServiceError):
    pass


class ShuttingDown(ServiceError):
    pass


class PeerLost(ServiceError, ConnectionError):
    pass


class NotConnected(ServiceError, ConnectionError):
    pass


class BadReply(ServiceError):
    pass


class Forked(ServiceError, RuntimeError):
    pass


class InvalidArgument(ServiceError, ValueError):
    pass


class SystemFailure(ServiceError):
    pass


class BadFile(ServiceError):
    pass


# code: class, the protocol's word, and what to say where the sidecar said nothing
_SERVICE: dict[int, tuple[type[ServiceError], str, str]] = {
    100: (NoMemory, "no_memory", "memory is out for this request"),
    101: (BadRequest, "bad_request", "the sidecar could not read the request"),
    102: (NotSupported, "not_supported", "the sidecar does not serve this"),
    103: (UnknownTokenizer, "unknown_tokenizer", "the sidecar has no tokenizer of this name"),
    104: (UnknownVersion, "unknown_version", "client and sidecar speak different protocols"),
    105: (UnknownOp, "unknown_op", "the sidecar has no such operation"),
    106: (Busy, "busy", "too many requests are under way: ask again later"),
    107: (Expired, "expired", "the deadline passed"),
    108: (TooLarge, "too_large", "the request is longer than is accepted"),
    109: (Canceled, "canceled", "the request was cancelled"),
    110: (ShuttingDown, "shutting_down", "the sidecar is draining, or the client is closed"),
    111: (PeerLost, "peer_lost", "the connection to the sidecar broke after the request was sent"),
    112: (NotConnected, "not_connected", "no sidecar is reachable; the request was never sent"),
    113: (BadReply, "bad_reply", "the sidecar's reply cannot be read"),
    114: (Forked, "forked", "the client was opened before fork(): open one in each process"),
    115: (InvalidArgument, "invalid_argument", "an argument cannot be used"),
    116: (SystemFailure, "system", "the operating system refused"),
    117: (BadFile, "file", "the tokenizer's file cannot be used"),
}


def service_error(code: int, message: str = "", word: str = "") -> ServiceError:
    """The exception of a service error, also of one that only a newer sidecar knows."""
    cls, known_word, text = _SERVICE.get(code, (ServiceError, "service", f"the sidecar answered with error {code}"))
    return cls(message or text, code, word or known_word)


def _with_text(base: type[BaseException], name: str, **members: Any) -> type[BaseException]:
    """A class whose str() is the text it is made of, for bases whose own str() says something else."""

    def make(self: BaseException, message: str) -> None:
        self.args = (message,)

    return type(name, (base,), {"__init__": make, "__str__": lambda self: self.args[0], "__module__": __name__, **members})


_REFERENCE["KeyError"] = _with_text(KeyError, "KeyError")
_REFERENCE["JSONDecodeError"] = _with_text(json.JSONDecodeError, "JSONDecodeError", __reduce__=Exception.__reduce__)
_REFERENCE["Error"] = binascii.Error
_REFERENCE["LibsndfileError"] = type("LibsndfileError", (RuntimeError,), {"__module__": __name__})


def _unicode_error(base: type[BaseException], filler: tuple[Any, ...]) -> type[BaseException]:
    def make(cls: Any, message: str) -> Any:
        self = base.__new__(cls, *filler)
        base.__init__(self, *filler)
        self.args = (message,)
        return self

    return _with_text(base, base.__name__, __new__=make, __init__=lambda self, message: None)


_REFERENCE["UnicodeDecodeError"] = _unicode_error(UnicodeDecodeError, ("utf-8", b"", 0, 0, ""))
_REFERENCE["UnicodeEncodeError"] = _unicode_error(UnicodeEncodeError, ("utf-8", "", 0, 0, ""))


def reference_error(name: str, message: str, errors: list[dict[str, Any]]) -> BaseException:
    """The exception that the reference would have raised; `str()` of it is `message`."""
    if name == "ValidationError":
        return ValidationError(_with_links(message), errors)
    cls = _REFERENCE.get(name) or getattr(builtins, name, None)
    if isinstance(cls, type) and issubclass(cls, Exception) and not issubclass(cls, StopIteration):  # which no future takes
        return cls(message)
    return RuntimeError(f"{name}: {message}")
