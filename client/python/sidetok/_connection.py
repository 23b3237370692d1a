"""What both clients share: the handle, the requests under way, and fork()."""

from __future__ import annotations

import ctypes
import itertools
import math
import os
from typing import Any, Callable, Optional, Protocol

from . import exceptions
from ._call import MODES, Call, pack
from ._native import DONE, library
from ._result import Result, read_error, read_result

DEFAULT_URL = "ipc:///run/sidetok/sidetokd.sock"
CONNECT_TIMEOUT_MS = 2  # of enum sidetok_setting
FORKED = 114


class Waiter(Protocol):
    def __call__(self, result: Optional[Result], error: Optional[BaseException]) -> None: ...


class Connection:
    """One sidetok_client. Belongs to one thread at a time."""

    def __init__(self, url: Optional[str], tokenizer: Optional[str], timeout: Optional[float], connect_timeout: float) -> None:
        self.pid = os.getpid()
        self.url = url or os.environ.get("SIDETOK_URL") or DEFAULT_URL
        self.tokenizer = tokenizer
        self.timeout = timeout
        self._handle: Optional[int] = None
        self._keys = itertools.count(1)
        self._waiting: dict[int, Waiter] = {}
        self._done = DONE(self._finish)
        handle = ctypes.c_void_p()
        code = library.sidetok_client_open(self.url.encode(), ctypes.byref(handle))
        if code == FORKED:
            raise exceptions.service_error(code, self._parent_text())
        self._check(code)
        self._handle = handle.value
        self._check(library.sidetok_client_set(handle, CONNECT_TIMEOUT_MS, math.ceil(connect_timeout * 1000)))

    def _check(self, code: int) -> None:
        if code == FORKED:
            raise exceptions.service_error(code, self._forked_text())
        if code:
            name = library.sidetok_error_name(code).decode()
            raise exceptions.service_error(code, f"{exceptions.service_error(code)} ({self.url})", name)

    def _forked_text(self) -> str:
        return f"this client was opened in process {self.pid} and cannot be used in its child {os.getpid()}: open one in each process"

    def _parent_text(self) -> str:
        return (f"a parent of process {self.pid} opened a client before it forked, so this one can open none: "
                "open the first one in each worker, after the fork")

    def alive(self) -> int:
        """The handle; raises where the client is closed or was carried through fork()."""
        if os.getpid() != self.pid:
            raise exceptions.service_error(FORKED, self._forked_text())
        if self._handle is None:
            raise exceptions.service_error(110, "the client is closed")
        return self._handle

    def fd(self) -> int:
        fd: int = library.sidetok_client_fd(self.alive())
        return fd

    def connected(self) -> int:
        """How many of the URLs are connected."""
        n: int = library.sidetok_client_connected(self.alive())
        return n

    def close(self) -> None:
        handle, self._handle = self._handle, None
        if handle is not None:
            library.sidetok_client_close(handle)
        waiting, self._waiting = self._waiting, {}
        for waiter in waiting.values():
            waiter(None, exceptions.service_error(110, "the client was closed"))

    def process(self) -> None:
        if self._handle is not None:
            library.sidetok_client_process(self._handle)

    def _finish(self, client: int, key: int, reply: int) -> None:
        waiter = self._waiting.pop(key, None)
        if waiter is None:
            return
        try:
            error = read_error(reply)
            result = None if error else read_result(reply)
        except BaseException as problem:  # an exception must not end in ctypes, where it is lost
            result, error = None, problem
        waiter(result, error)

    def submit(self, call: Call[Any], tokenizer: Optional[str], timeout: Optional[float], waiter: Waiter) -> Callable[[], None]:
        """Submits; returns what cancels it. The waiter runs inside process(), at most once."""
        handle = self.alive()
        op = library.sidetok_op_from_name(call.op.encode())
        if not op:
            raise exceptions.service_error(115, f"there is no operation named {call.op!r}")
        is_msgpack, body = (True, b"") if call.body is None else pack(call.body)
        request = library.sidetok_request_new(op)
        if not request:
            raise exceptions.service_error(100)
        key, number = next(self._keys), ctypes.c_uint64()
        try:
            name = (tokenizer or self.tokenizer or "").encode()
            self._fill(request, call, name, timeout)
            if body:
                (library.sidetok_request_body_msgpack if is_msgpack else library.sidetok_request_body_json)(request, body, len(body))
            self._waiting[key] = waiter
            self._check(library.sidetok_client_submit(handle, request, self._done, key, ctypes.byref(number)))
        except BaseException:
            self._waiting.pop(key, None)
            raise
        finally:
            library.sidetok_request_free(request)
        return lambda: self._cancel(key, number.value)

    def _fill(self, request: int, call: Call[Any], name: bytes, timeout: Optional[float]) -> None:
        """`name` is borrowed until the submit."""
        seconds = self.timeout if timeout is None else timeout
        if name:
            library.sidetok_request_tokenizer(request, name)
        if seconds is not None:
            library.sidetok_request_timeout_ms(request, min(max(1, math.ceil(seconds * 1000)), 0xFFFFFFFF))
        if call.max_model_input_len is not None:
            library.sidetok_request_max_model_input_len(request, call.max_model_input_len)
        library.sidetok_request_want(request, call.want)
        library.sidetok_request_mode(request, MODES[call.mode])
        library.sidetok_request_options(request, call.options)

    def _cancel(self, key: int, number: int) -> None:
        if self._waiting.pop(key, None) is not None and self._handle is not None:
            library.sidetok_client_cancel(self._handle, number)

    def __del__(self) -> None:
        if getattr(self, "_handle", None) is not None:
            library.sidetok_client_close(self._handle)
            self._handle = None
