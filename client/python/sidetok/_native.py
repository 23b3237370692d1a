"""libsidetok through ctypes: where it is, and the signatures of client/sidetok.h.

Calls go through CDLL, which releases the interpreter lock: copying a body of megabytes holds nobody up.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import pathlib
from ctypes import POINTER, c_char_p, c_int, c_int64, c_long, c_size_t, c_uint, c_uint32, c_uint64, c_void_p
from typing import Any

DONE = ctypes.CFUNCTYPE(None, c_void_p, c_void_p, c_void_p)
_SIZE = POINTER(c_size_t)
_U64 = POINTER(c_uint64)

_SIGNATURES: dict[str, tuple[Any, list[Any]]] = {
    "version": (c_char_p, []),
    "error_name": (c_char_p, [c_int]),
    "client_open": (c_int, [c_char_p, POINTER(c_void_p)]),
    "client_set": (c_int, [c_void_p, c_int, c_long]),
    "client_close": (None, [c_void_p]),
    "client_fd": (c_int, [c_void_p]),
    "client_connected": (c_size_t, [c_void_p]),
    "client_process": (c_int, [c_void_p]),
    "client_submit": (c_int, [c_void_p, c_void_p, DONE, c_void_p, _U64]),
    "client_cancel": (c_int, [c_void_p, c_uint64]),
    "request_new": (c_void_p, [c_int]),
    "request_free": (None, [c_void_p]),
    "request_body_json": (None, [c_void_p, c_char_p, c_size_t]),
    "request_body_msgpack": (None, [c_void_p, c_char_p, c_size_t]),
    "request_tokenizer": (None, [c_void_p, c_char_p]),
    "request_timeout_ms": (None, [c_void_p, c_uint32]),
    "request_want": (None, [c_void_p, c_uint]),
    "request_mode": (None, [c_void_p, c_int]),
    "request_options": (None, [c_void_p, c_uint]),
    "request_max_model_input_len": (None, [c_void_p, c_int64]),
    "op_from_name": (c_int, [c_char_p]),
    "reply_error": (c_int, [c_void_p]),
    "reply_type": (c_void_p, [c_void_p, _SIZE]),
    "reply_family": (c_void_p, [c_void_p, _SIZE]),
    "reply_message": (c_void_p, [c_void_p, _SIZE]),
    "reply_stage": (c_void_p, [c_void_p, _SIZE]),
    "reply_errors": (c_void_p, [c_void_p, _SIZE]),
    "reply_ids": (c_void_p, [c_void_p, _SIZE]),
    "reply_prefix_ids": (c_void_p, [c_void_p, _SIZE]),
    "reply_lengths": (c_void_p, [c_void_p, _SIZE]),
    "reply_text": (c_void_p, [c_void_p, _SIZE]),
    "reply_count": (c_int64, [c_void_p]),
    "reply_image": (c_int, [c_void_p, c_size_t, _U64, _U64]),
    "reply_audio": (c_int, [c_void_p, c_size_t, _U64, _U64]),
    "reply_value": (c_void_p, [c_void_p, _SIZE]),
}


def _candidates() -> list[str]:
    packaged = sorted(pathlib.Path(__file__).parent.glob("libsidetok*.so*"))
    named = os.environ.get("SIDETOK_LIBRARY")
    return [str(packaged[0])] if packaged else [named] if named else ["libsidetok.so.0"]


def _load() -> ctypes.CDLL:
    path = _candidates()[0]
    try:
        found = ctypes.CDLL(path)
    except OSError as error:
        raise ImportError(
            f"libsidetok cannot be loaded: {error}; install the wheel, or name the library in SIDETOK_LIBRARY"
        ) from error
    for name, (result, arguments) in _SIGNATURES.items():
        function = getattr(found, "sidetok_" + name)
        function.restype, function.argtypes = result, arguments
    return found


library = _load()

_view = ctypes.pythonapi.PyMemoryView_FromMemory
_view.restype, _view.argtypes = ctypes.py_object, [c_void_p, ctypes.c_ssize_t, c_int]
_PYBUF_READ = 0x100


def view(address: int, size: int) -> memoryview:
    """The bytes at an address, without a copy. Lives no longer than what owns them."""
    found: memoryview = _view(address, size, _PYBUF_READ)
    return found
