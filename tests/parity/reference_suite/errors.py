"""An answer's error as the exception that a caller of the reference would see."""

import ast
import builtins

import jsonschema
import mistral_common.exceptions
import soundfile
from mistral_common.tokens.tokenizers import audio
from pydantic import ValidationError

HOMES = (mistral_common.exceptions, audio, soundfile, jsonschema, builtins)


def class_named(name):
    for home in HOMES:
        if hasattr(home, name):
            return getattr(home, name)
    return None


def spelled_as(kind, message):
    """An exception of that class whose str() is message, however its constructor is called."""
    argument = message
    if issubclass(kind, KeyError):  # str() of a KeyError is the repr of its key
        try:
            argument = ast.literal_eval(message)
        except (SyntaxError, ValueError):
            pass
    made = kind.__new__(kind)
    made.args = (argument,)
    if hasattr(kind, "message"):
        made.message = argument
    return made


def exception_of(error, own):
    """error: the answer's; own: what the reference raised, or None. Only pydantic's class is taken from it."""
    kind = class_named(error["type"])
    if error["type"] == "ValidationError" and isinstance(own, ValidationError):
        kind = None
    if kind is not None:
        made = spelled_as(kind, error["message"])
        if str(made) == error["message"]:
            return made
    if type(own).__name__ == error["type"] and str(own) == error["message"]:
        return own
    return AssertionError(f"sidetok raised {error['type']}: {error['message']}")
