"""vLLM's Mistral renderer asks the sidecar: a plug-in of the group `vllm.general_plugins`, active where SIDETOK_URL is set.

SIDETOK_URL       Where the sidecar listens; unset: the plug-in does nothing.
SIDETOK_FALLBACK  "fail" (default): a request that the sidecar leaves unanswered ends with status 503.
                  "library": mistral_common answers it on vLLM's own threads, as without the plug-in.
SIDETOK_TIMEOUT   Seconds for one request, 60 by default.

The tokenizer is named by the digest of its file, at start-up and in each request: a sidecar with another file refuses. What only
this process can do stays with the library: pictures and sounds that are not data URLs, values that are no plain data, and the
`chat_template_kwargs` tokenize, padding, truncation and max_length.
Rule: vLLM 0.32 renderers/mistral.py, renderers/base.py, tokenizers/mistral.py.
"""

from __future__ import annotations

import hashlib
import os
from typing import Any, Awaitable, Callable, Optional

from . import exceptions, vllm_reply
from ._call import Unpackable
from .client import Client
from .template import as_list, loop_client

REFERENCE = "1.13.1"  # of mistral_common: whose ids and errors the sidecar gives
START_SECONDS = 10.0  # how long a server that starts waits for its sidecar
FALLBACKS = ("fail", "library")
FITTING = ("padding", "truncation", "max_length")  # of chat_template_kwargs; vLLM's tokenizer cuts at the left, the sidecar's at the right
UNANSWERED = (exceptions.Busy, exceptions.Expired, exceptions.NoMemory, exceptions.NotConnected, exceptions.PeerLost, exceptions.ShuttingDown)
Library = Callable[..., Awaitable[Any]]


def register() -> None:
    """The entry point. vLLM runs it in each of its processes, maybe more than once."""
    if not os.environ.get("SIDETOK_URL"):
        return
    fallback()
    from vllm.renderers import mistral

    renderer = mistral.MistralRenderer
    if not hasattr(renderer, "sidetok"):
        begin = renderer.__init__

        def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
            begin(self, *args, **kwargs)
            if self.tokenizer is not None:
                self.sidetok = Sidecar(self)

        renderer.sidetok = None
        renderer.__init__ = __init__


def fallback() -> str:
    chosen = os.environ.get("SIDETOK_FALLBACK") or FALLBACKS[0]
    if chosen not in FALLBACKS:
        raise ValueError(f"SIDETOK_FALLBACK is {chosen!r}, but can be {' or '.join(FALLBACKS)}")
    return chosen


def needs_library(messages: Any) -> bool:
    """Whether a part names what the sidecar can't fetch: an address or a path of this machine."""
    for message in messages:
        parts = message.get("content") if isinstance(message, dict) else None
        for part in parts if isinstance(parts, list) else ():
            kind = part.get("type") if isinstance(part, dict) else None
            if kind in ("image", "audio"):
                return True
            if kind in ("image_url", "audio_url"):
                named = part.get(kind)
                url = named.get("url") if isinstance(named, dict) else named
                if isinstance(url, str) and not url.startswith("data:"):
                    return True
    return False


class Sidecar:
    """What stands in a renderer where its two asynchronous steps were."""

    def __init__(self, renderer: Any) -> None:
        from vllm.renderers import mistral
        from vllm.utils.async_utils import make_async

        self._logger = mistral.logger
        self._renderer = renderer
        self._library_chat: Library = renderer._apply_chat_template_async
        self._library_prompt: Library = renderer._tokenize_prompt_async
        self._fit = make_async(renderer.tokenizer.__call__, executor=renderer._executor)
        self._is_fallback = fallback() == "library"
        self._is_away = False
        self._path = str(renderer.tokenizer.transformers_tokenizer._tokenizer_path)
        with open(self._path, "rb") as file:
            self.name = "sha256:" + hashlib.sha256(file.read()).hexdigest()
        self.check()
        renderer._apply_chat_template_async = self.chat
        renderer._tokenize_prompt_async = self.prompt

    def check(self) -> None:
        """At start-up: the sidecar serves this file, and reads it as the same version."""
        import mistral_common

        url, version = os.environ["SIDETOK_URL"], str(self._renderer.tokenizer.tokenizer.version.value)
        with Client(url, timeout=START_SECONDS, connect_timeout=START_SECONDS) as client:
            try:
                info = client.info(tokenizer=self.name)
            except exceptions.UnknownTokenizer as error:
                raise RuntimeError(f"sidetok at {url} does not serve {self._path} ({self.name}); it serves {served(client)}") from error
            except exceptions.ServiceError as error:
                if not self._is_fallback:
                    raise RuntimeError(f"sidetok at {url} does not answer: {error}") from error
                self._note_away(error)
                return
        if info["version"] != version:
            raise RuntimeError(f"sidetok at {url} reads {self._path} as {info['version']}, mistral_common as {version}")
        if mistral_common.__version__ != REFERENCE:
            self._logger.warning("sidetok answers as mistral_common %s does; installed is %s", REFERENCE, mistral_common.__version__)
        self._logger.info("sidetok %s at %s renders chats and prompts with %s", info["server"], url, self._path)

    async def chat(self, tokenizer: Any, messages: Any, **kwargs: Any) -> Any:
        """In place of safe_apply_chat_template: the same ids, errors and log lines."""
        from vllm.tokenizers.mistral import _validate_apply_chat_template_args

        if not kwargs.get("tokenize", True) or any(kwargs.get(key) for key in FITTING) or needs_library(messages):
            return await self._library_chat(tokenizer, messages, **kwargs)
        try:
            final, prompt = kwargs.get("continue_final_message", False), kwargs.get("add_generation_prompt", False)
            _validate_apply_chat_template_args(messages, final, prompt)
            arguments = {"continue_final_message": final}
            if tokenizer.version >= 15 and kwargs.get("reasoning_effort") is not None:
                arguments["reasoning_effort"] = kwargs["reasoning_effort"]
            ids = await loop_client().apply(messages, kwargs.get("tools"), tokenizer=self.name, **arguments)
            return await self._answer(ids)
        except (Unpackable, exceptions.ServiceError) as error:
            return await self._instead(error, self._library_chat, tokenizer, messages, **kwargs)
        except (AssertionError, exceptions.MistralCommonException) as error:
            raise ValueError(str(error)) from error
        except Exception as error:
            self._logger.exception("An error occurred in `mistral_common` while applying chat template")
            raise ValueError(str(error)) from error

    async def prompt(self, prompt: Any, params: Any) -> Any:
        """In place of _tokenize_prompt; cutting and padding stay with the library, which gets the ids."""
        renderer = self._renderer
        if not prompt["prompt"] or renderer._wants_offsets(prompt, params):
            return await self._library_prompt(prompt, params)
        try:
            ids = await self._answer(await loop_client().encode(prompt["prompt"], tokenizer=self.name))
        except (Unpackable, exceptions.ServiceError) as error:
            return await self._instead(error, self._library_prompt, prompt, params)
        encoding = await self._fit(ids, **params.get_encode_kwargs())
        return renderer._build_tokens_prompt(encoding["input_ids"], prompt)

    async def _answer(self, ids: Any) -> "list[int]":
        if self._is_away:
            self._is_away = False
            self._logger.info("sidetok answers again")
        vllm_reply.lighten()
        return vllm_reply.note(await as_list(ids))

    async def _instead(self, error: BaseException, library: Library, *args: Any, **kwargs: Any) -> Any:
        """The library's answer, where that is right or was asked for; else the error, as one to be tried again."""
        from vllm.exceptions import RetryableRequestError

        if isinstance(error, (Unpackable, exceptions.NotSupported)):
            return await library(*args, **kwargs)
        self._note_away(error)
        if self._is_fallback:
            return await library(*args, **kwargs)
        if isinstance(error, UNANSWERED):
            raise RetryableRequestError(f"The tokenizer's sidecar did not answer: {error}") from error
        raise error

    def _note_away(self, error: BaseException) -> None:
        """Told once for each time that it goes away."""
        if not self._is_away:
            self._is_away = True
            what = "mistral_common answers on a thread" if self._is_fallback else "requests fail"
            self._logger.warning("sidetok does not answer, %s until it does: %s", what, error)


def served(client: Client) -> str:
    """The names and digests of what a sidecar serves, for a message."""
    names: Optional[Any] = client.ping().get("tokenizers")
    return ", ".join(f"{name} (sha256:{client.info(tokenizer=name)['sha256'].hex()})" for name in names or ()) or "nothing"
