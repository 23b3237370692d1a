"""Drop-ins for what vLLM calls: chat messages to token ids.

Rule: vllm.renderers.mistral.safe_apply_chat_template: every error of the library leaves as ValueError(str(e)).
A ServiceError stays what it is, since the caller's input is not at fault.
"""

from __future__ import annotations

import asyncio
import os
import threading
import weakref
from typing import Any, Optional

from . import aio
from .client import Client
from .exceptions import ServiceError

TIMEOUT = 60.0  # seconds; a request whose sidecar says nothing must end
_local = threading.local()
_by_loop: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, tuple[int, aio.Client]]" = weakref.WeakKeyDictionary()


def _blocking_client() -> Client:
    """One for each thread and process, at $SIDETOK_URL."""
    pid, client = getattr(_local, "client", (0, None))
    if pid != os.getpid():
        client = Client(timeout=TIMEOUT)
        _local.client = (os.getpid(), client)
    return client


def _loop_client() -> aio.Client:
    """One for each event loop and process, at $SIDETOK_URL."""
    loop = asyncio.get_running_loop()
    pid, client = _by_loop.get(loop, (0, None))
    if client is None or pid != os.getpid():
        client = aio.Client(timeout=TIMEOUT)
        _by_loop[loop] = (os.getpid(), client)
    return client


def _name(tokenizer: Any) -> Optional[str]:
    """A str names one of the sidecar's tokenizers; any object stands for its first."""
    return tokenizer if isinstance(tokenizer, str) else None


def apply_mistral_chat_template(tokenizer: Any, messages: Any, tools: Any = None, **kwargs: Any) -> "list[int]":
    """Blocking twin of async_apply_mistral_chat_template."""
    try:
        return _blocking_client().apply(messages, tools, vllm=True, tokenizer=_name(tokenizer), **kwargs).tolist()
    except ServiceError:
        raise
    except Exception as error:
        raise ValueError(str(error)) from error


async def async_apply_mistral_chat_template(tokenizer: Any, messages: Any, tools: Any = None, **kwargs: Any) -> "list[int]":
    """The token ids of a chat, without blocking the event loop."""
    try:
        ids = await _loop_client().apply(messages, tools, vllm=True, tokenizer=_name(tokenizer), **kwargs)
        return ids.tolist()
    except ServiceError:
        raise
    except Exception as error:
        raise ValueError(str(error)) from error
