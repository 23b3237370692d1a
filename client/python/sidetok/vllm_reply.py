"""vLLM's render routes, whose replies hold every id: the same bytes, made without holding up the loop.

vLLM 0.32 checks the ids one by one, copies them and writes them as JSON in one turn of the event loop, 0.2 s for 5 MB of text (docs/vllm.md).
Ids that the sidecar has just given need no check, and JSON can be written in pieces. Other routes, other models' replies
and replies of few ids stay vLLM's.
Rule: vLLM 0.32 entrypoints/scale_out/render, GenerateRequest; starlette.responses.JSONResponse.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
import json
import sys
from typing import Any, Optional

AT_ONCE = 1 << 13  # ids as JSON: 1 to 2 ms of the loop
ROUTES = "vllm.entrypoints.scale_out.render."
_EMPTY = b'"token_ids":[]'
_answered: "contextvars.ContextVar[Optional[list[Any]]]" = contextvars.ContextVar("sidetok_answered", default=None)


def note(ids: "list[int]") -> "list[int]":
    """These ids are the sidecar's: the reply of the request that is being rendered may rely on it."""
    answered = _answered.get()
    if answered is not None and len(ids) > AT_ONCE:
        answered[:] = [ids]
    return ids


def lighten() -> bool:
    """Puts what follows where the routes look for theirs, once. False where vLLM has no such routes, or not yet."""
    routes, serving = sys.modules.get(ROUTES + "api_router"), sys.modules.get(ROUTES + "serving")
    if not hasattr(routes, "JSONResponse") or not hasattr(serving, "GenerateRequest") or not hasattr(serving, "ServingRender"):
        return False
    if not hasattr(routes, "sidetok"):
        vars(routes).update(sidetok=True, JSONResponse=response_class(vars(routes)["JSONResponse"]))
        vars(serving).update(GenerateRequest=rendered_class(vars(serving)["GenerateRequest"]))
        listen(vars(serving)["ServingRender"])
    return True


def listen(serving: Any) -> None:
    """A request begins with nothing noted. vLLM renders in tasks of their own, which share the list but could not set the variable."""
    render = serving.render_chat_request

    @functools.wraps(render)
    async def render_chat_request(*args: Any, **kwargs: Any) -> Any:
        token = _answered.set([])
        try:
            return await render(*args, **kwargs)
        finally:
            _answered.reset(token)

    serving.render_chat_request = render_chat_request


def rendered_class(request: Any) -> Any:
    """GenerateRequest that takes the sidecar's ids as they are, and does not copy them to be dumped."""

    class Rendered(request):  # type: ignore[misc]
        def __init__(self, **fields: Any) -> None:
            ids: Any = fields.get("token_ids")
            if _answered.get() != [ids]:  # the very same numbers, compared by their addresses: 5 ms a million
                super().__init__(**fields)
                return
            super().__init__(**{**fields, "token_ids": ids[:1]})
            self.token_ids = ids

        def model_dump(self, **options: Any) -> Any:
            ids: Any = self.token_ids
            if len(ids) <= AT_ONCE or options:
                return super().model_dump(**options)
            self.token_ids = ids[:1]
            try:
                dumped = super().model_dump()
            finally:
                self.token_ids = ids
            dumped["token_ids"] = ids
            return dumped

    Rendered.__name__, Rendered.__qualname__ = request.__name__, request.__qualname__
    return Rendered


def response_class(response: Any) -> Any:
    """JSONResponse that writes long lists of ids piece by piece, when it is sent."""

    class PiecewiseResponse(response):  # type: ignore[misc]
        def __init__(self, content: Any, status_code: int = 200) -> None:
            self._long = content if is_long(content) else None
            super().__init__(content=None if self._long else content, status_code=status_code)

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            if self._long:
                self.body = await dump(self._long)
                self.headers["content-length"] = str(len(self.body))
                self._long = None
            await super().__call__(scope, receive, send)

    return PiecewiseResponse


def is_long(content: Any) -> bool:
    parts = content if isinstance(content, list) else [content]
    return any(isinstance(part, dict) and len(part.get("token_ids") or ()) > AT_ONCE for part in parts)


def _dump(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False, allow_nan=False, indent=None, separators=(",", ":")).encode("utf-8")


async def dump(content: Any) -> bytes:
    """The bytes of JSONResponse.render, with a turn of the loop between pieces."""
    if isinstance(content, list):
        return b"[" + b",".join([await dump(part) for part in content]) + b"]"
    if not is_long(content):
        return _dump(content)
    ids = content["token_ids"]
    head, tail = _dump({**content, "token_ids": []}).split(_EMPTY, 1)  # the first: only a text stands before it, whose quotes are escaped
    pieces = []
    for at in range(0, len(ids), AT_ONCE):
        pieces.append(_dump(ids[at:at + AT_ONCE])[1:-1])
        await asyncio.sleep(0)
    return head + b'"token_ids":[' + b",".join(pieces) + b"]" + tail
