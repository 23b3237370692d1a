"""Drop-ins for what vLLM calls: chat messages to token ids.

Rule: vllm.renderers.mistral.safe_apply_chat_template: every error of the library leaves as ValueError(str(e)).
A ServiceError stays what it is, since the caller's input is not at fault.
"""

from __future__ import annotations

import asyncio
import os
import threading
import weakref
from array import array
from typing import Any, Optional

from . import aio
from .client import Client
from .exceptions import ServiceError

LIST_AT_ONCE = 1 << 15  # ids: about a millisecond of the loop
_local = threading.local()
_by_loop: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, tuple[int, aio.Client]]" = weakref.WeakKeyDictionary()


def timeout() -> float:
    """$SIDETOK_TIMEOUT in seconds: a request whose sidecar says nothing must end."""
    return float(os.environ.get("SIDETOK_TIMEOUT") or 60)


def blocking_client() -> Client:
    """One for each thread and process, at $SIDETOK_URL."""
    pid, client = getattr(_local, "client", (0, None))
    if client is None or pid != os.getpid():
        client = Client(timeout=timeout())
        _local.client = (os.getpid(), client)
    return client


def loop_client() -> aio.Client:
    """One for each event loop and process, at $SIDETOK_URL."""
    loop = asyncio.get_running_loop()
    pid, client = _by_loop.get(loop, (0, None))
    if client is None or pid != os.getpid():
        client = aio.Client(timeout=timeout())
        _by_loop[loop] = (os.getpid(), client)
    return client


async def as_list(ids: "array[int]") -> "list[int]":
    """The ids as a list. A million take 34 ms, so the loop has a turn after each LIST_AT_ONCE."""
    if len(ids) <= LIST_AT_ONCE:
        return ids.tolist()
    made = [0] * len(ids)
    for at in range(0, len(ids), LIST_AT_ONCE):
        made[at:at + LIST_AT_ONCE] = ids[at:at + LIST_AT_ONCE].tolist()
        await asyncio.sleep(0)
    return made


def _name(tokenizer: Any) -> Optional[str]:
    """A str names one of the sidecar's tokenizers; any object stands for its first."""
    return tokenizer if isinstance(tokenizer, str) else None


def apply_mistral_chat_template(tokenizer: Any, messages: Any, tools: Any = None, **kwargs: Any) -> "list[int]":
    """Blocking twin of async_apply_mistral_chat_template."""
    try:
        return blocking_client().apply(messages, tools, vllm=True, tokenizer=_name(tokenizer), **kwargs).tolist()
    except ServiceError:
        raise
    except Exception as error:
        raise ValueError(str(error)) from error


async def async_apply_mistral_chat_template(tokenizer: Any, messages: Any, tools: Any = None, **kwargs: Any) -> "list[int]":
    """The token ids of a chat, without blocking the event loop."""
    try:
        return await as_list(await loop_client().apply(messages, tools, vllm=True, tokenizer=_name(tokenizer), **kwargs))
    except ServiceError:
        raise
    except Exception as error:
        raise ValueError(str(error)) from error
