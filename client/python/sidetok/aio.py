"""The asyncio client: add_reader on the library's descriptor, no thread of Python's; under uvloop too."""

from __future__ import annotations

import asyncio
from array import array
from typing import Any, Mapping, Optional, TypeVar

from . import _call
from ._connection import Connection
from ._result import Result

T = TypeVar("T")


class Client:
    """Asks without blocking the loop. Cancelling the task cancels the request. Arguments as sidetok.Client's.

    It belongs to the loop that it is first awaited in, and moves to another only while nothing is under way.
    """

    def __init__(self, url: Optional[str] = None, *, tokenizer: Optional[str] = None, timeout: Optional[float] = None,
                 connect_timeout: float = 5.0) -> None:
        self._connection = Connection(url, tokenizer, timeout, connect_timeout)
        self._loop: Optional[asyncio.AbstractEventLoop] = None
        self._n_waiting = 0

    async def __aenter__(self) -> "Client":
        return self

    async def __aexit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends what is under way with ShuttingDown. Takes about a millisecond."""
        self._leave()
        self._connection.close()

    def _leave(self) -> None:
        loop, self._loop = self._loop, None
        if loop is not None and not loop.is_closed():
            try:
                fd = self._connection.fd()
            except Exception:  # closed already, or in a forked child, whose loop is not this one
                return
            loop.remove_reader(fd)

    def _join(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._loop is loop:
            return
        if self._n_waiting and self._loop is not None and not self._loop.is_closed():
            raise RuntimeError("the client has requests under way in another event loop")
        self._leave()
        loop.add_reader(self._connection.fd(), self._connection.process)
        self._loop = loop

    async def _run(self, call: _call.Call[T], tokenizer: Optional[str], timeout: Optional[float]) -> T:
        self._connection.alive()
        loop = asyncio.get_running_loop()
        self._join(loop)
        future: asyncio.Future[Result] = loop.create_future()

        def finish(result: Optional[Result], error: Optional[BaseException]) -> None:
            if future.done():
                return
            if error is not None:
                future.set_exception(error)
            elif result is not None:
                future.set_result(result)

        cancel = self._connection.submit(call, tokenizer, timeout, finish)
        self._n_waiting += 1
        try:
            return call.pick(await future)
        finally:
            self._n_waiting -= 1
            cancel()

    async def request(self, op: str, body: Any = None, *, want: int = 1, mode: str = "test", options: int = 0,
                  max_model_input_len: Optional[int] = None, tokenizer: Optional[str] = None,
                  timeout: Optional[float] = None) -> Result:
        """Any operation of the protocol. `want` is a sum of the constants IDS, TEXT, COUNT ...; `timeout` in seconds."""
        call = _call.request(op, body, want=want, mode=mode, options=options, max_model_input_len=max_model_input_len)
        return await self._run(call, tokenizer, timeout)

    async def chat(self, request: Mapping[str, Any], **options: Any) -> Result:
        """An OpenAI chat request, as ChatCompletionRequest.from_openai and encode_chat_completion take it."""
        return await self.request("chat", request, **options)

    async def apply(self, messages: Any, tools: Any = None, *, vllm: bool = False, tokenizer: Optional[str] = None,
                timeout: Optional[float] = None, **arguments: Any) -> "array[int]":
        """The transformers wrapper's apply_chat_template; with `vllm` after vLLM's own steps."""
        return await self._run(_call.apply(messages, tools, arguments, vllm), tokenizer, timeout)

    async def encode(self, text: str, bos: bool = False, eos: bool = False, *, tokenizer: Optional[str] = None,
                 timeout: Optional[float] = None) -> "array[int]":
        """Plain text to ids."""
        return await self._run(_call.encode(text, bos, eos), tokenizer, timeout)

    async def decode(self, tokens: _call.Tokens, policy: str = "IGNORE", *, tokenizer: Optional[str] = None,
                 timeout: Optional[float] = None) -> str:
        """Ids to text; the policy for special tokens is IGNORE, KEEP or RAISE."""
        return await self._run(_call.decode(tokens, policy), tokenizer, timeout)

    async def fim(self, prompt: str, suffix: Optional[str] = None, *, want: int = 1, tokenizer: Optional[str] = None,
              timeout: Optional[float] = None) -> Result:
        """Fill in the middle."""
        return await self._run(_call.fim(prompt, suffix, want), tokenizer, timeout)

    async def info(self, *, tokenizer: Optional[str] = None, timeout: Optional[float] = None) -> "dict[str, Any]":
        """Version, special ids and SHA-256 of a tokenizer."""
        found: dict[str, Any] = await self._run(_call.value("info"), tokenizer, timeout)
        return found

    async def ping(self, *, timeout: Optional[float] = None) -> "dict[str, Any]":
        """Whether the sidecar is ready, what waits there, and the names of its tokenizers."""
        found: dict[str, Any] = await self._run(_call.value("ping"), None, timeout)
        return found
