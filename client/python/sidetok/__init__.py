"""Mistral tokenization out of process: `sidetok.Client` blocks, `sidetok.aio.Client` is for asyncio."""

from . import aio, exceptions
from ._call import AUDIOS, COUNT, IDS, IMAGES, PREFIX_IDS, TEXT
from ._native import library as _library
from ._result import Result
from .client import Client
from .exceptions import ServiceError, ValidationError
from .template import apply_mistral_chat_template, async_apply_mistral_chat_template

__version__: str = _library.sidetok_version().decode()

__all__ = [
    "AUDIOS", "COUNT", "IDS", "IMAGES", "PREFIX_IDS", "TEXT", "Client", "Result", "ServiceError", "ValidationError",
    "aio", "apply_mistral_chat_template", "async_apply_mistral_chat_template", "exceptions",
]
