"""The blocking client."""

from __future__ import annotations

import os
import select
import threading
import time
from array import array
from typing import Any, Mapping, Optional, TypeVar

from . import _call, exceptions
from ._connection import Connection
from ._result import Result

T = TypeVar("T")


class Client:
    """Asks and waits. Threads may share one; they take turns, so open one for each where they should not wait.

    url              One or several separated by blanks; default $SIDETOK_URL, else the daemon's default.
    tokenizer        The sidecar's name of a tokenizer; default its first.
    timeout          Seconds until a request ends with Expired; None: no deadline. Each method takes its own.
    connect_timeout  Seconds without any sidecar until requests end with NotConnected; 0: never.

    A client carried through fork() raises Forked: open one in each process.
    """

    def __init__(self, url: Optional[str] = None, *, tokenizer: Optional[str] = None, timeout: Optional[float] = None,
                 connect_timeout: float = 5.0) -> None:
        self._connection = Connection(url, tokenizer, timeout, connect_timeout)
        self._turn = threading.RLock()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Waits for the thread whose turn it is; those that wait for theirs raise ShuttingDown."""
        if os.getpid() != self._connection.pid:  # a thread that stayed behind may have had its turn
            self._connection.close()
            return
        with self._turn:
            self._connection.close()

    def _run(self, call: _call.Call[T], tokenizer: Optional[str], timeout: Optional[float]) -> T:
        self._connection.alive()
        seconds = self._connection.timeout if timeout is None else timeout
        start = time.monotonic()
        if not self._turn.acquire(timeout=-1 if seconds is None else max(0.0, min(seconds, threading.TIMEOUT_MAX))):
            raise exceptions.service_error(107, "the deadline passed while another thread used the client")
        try:
            left = None if seconds is None else seconds - (time.monotonic() - start)
            return call.pick(self._wait(call, tokenizer, left))
        finally:
            self._turn.release()

    def _wait(self, call: _call.Call[Any], tokenizer: Optional[str], timeout: Optional[float]) -> Result:
        ended: list[tuple[Optional[Result], Optional[BaseException]]] = []
        connection = self._connection
        cancel = connection.submit(call, tokenizer, timeout, lambda result, error: ended.append((result, error)))
        try:
            poll = select.poll()
            poll.register(connection.fd(), select.POLLIN)
            while not ended:
                poll.poll()
                connection.process()
        finally:
            cancel()
        result, error = ended[0]
        if error is not None:
            raise error
        assert result is not None
        return result

    def request(self, op: str, body: Any = None, *, want: int = 1, mode: str = "test", options: int = 0,
            max_model_input_len: Optional[int] = None, tokenizer: Optional[str] = None,
            timeout: Optional[float] = None) -> Result:
        """Any operation of the protocol. `want` is a sum of the constants IDS, TEXT, COUNT ...; `timeout` in seconds."""
        call = _call.request(op, body, want=want, mode=mode, options=options, max_model_input_len=max_model_input_len)
        return self._run(call, tokenizer, timeout)

    def chat(self, request: Mapping[str, Any], **options: Any) -> Result:
        """An OpenAI chat request, as ChatCompletionRequest.from_openai and encode_chat_completion take it."""
        return self.request("chat", request, **options)

    def apply(self, messages: Any, tools: Any = None, *, vllm: bool = False, tokenizer: Optional[str] = None,
          timeout: Optional[float] = None, **arguments: Any) -> "array[int]":
        """The transformers wrapper's apply_chat_template; with `vllm` after vLLM's own steps."""
        return self._run(_call.apply(messages, tools, arguments, vllm), tokenizer, timeout)

    def encode(self, text: str, bos: bool = False, eos: bool = False, *, tokenizer: Optional[str] = None,
           timeout: Optional[float] = None) -> "array[int]":
        """Plain text to ids."""
        return self._run(_call.encode(text, bos, eos), tokenizer, timeout)

    def decode(self, tokens: _call.Tokens, policy: str = "IGNORE", *, tokenizer: Optional[str] = None,
           timeout: Optional[float] = None) -> str:
        """Ids to text; the policy for special tokens is IGNORE, KEEP or RAISE."""
        return self._run(_call.decode(tokens, policy), tokenizer, timeout)

    def fim(self, prompt: str, suffix: Optional[str] = None, *, want: int = 1, tokenizer: Optional[str] = None,
        timeout: Optional[float] = None) -> Result:
        """Fill in the middle."""
        return self._run(_call.fim(prompt, suffix, want), tokenizer, timeout)

    def info(self, *, tokenizer: Optional[str] = None, timeout: Optional[float] = None) -> "dict[str, Any]":
        """Version, special ids and SHA-256 of a tokenizer."""
        found: dict[str, Any] = self._run(_call.value("info"), tokenizer, timeout)
        return found

    def ping(self, *, timeout: Optional[float] = None) -> "dict[str, Any]":
        """Whether the sidecar is ready, what waits there, and the names of its tokenizers."""
        found: dict[str, Any] = self._run(_call.value("ping"), None, timeout)
        return found
