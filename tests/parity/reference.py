"""The reference library, asked in process: a batch record in, what the recorded cases call `expect` out."""

import copy
import json
import os
import socket
import urllib.parse
import warnings
from pathlib import Path

os.environ["PYDANTIC_ERRORS_INCLUDE_URL"] = "0"
warnings.simplefilter("ignore")

from expand import carried, with_bytes
from jsonschema import _keywords
from mistral_common.exceptions import MistralCommonException
from mistral_common.protocol.fim.request import FIMRequest
from mistral_common.protocol.instruct.normalize import get_normalizer
from mistral_common.protocol.instruct.request import ChatCompletionRequest
from mistral_common.protocol.instruct.validator import ValidationMode, get_validator
from mistral_common.protocol.speech.request import SpeechRequest
from mistral_common.protocol.transcription.request import TranscriptionRequest
from mistral_common.tokens.tokenizers.base import SpecialTokenPolicy
from mistral_common.tokens.tokenizers.mistral import MistralTokenizer
from pydantic import ValidationError

# jsonschema walks a Python set, whose order changes from process to process; ours is the order in which the schema is
# written, and so is sidetok's.
_keywords.set = lambda items=(): list(dict.fromkeys(items))


def no_network(*_, **__):
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


socket.getaddrinfo = no_network  # a download fails alike everywhere, and at once

# The cases are those of Python 3.11.7. Later ones, and Debian 12's 3.11.2, refuse more of what stands around brackets (CVE-2025-0938).
if hasattr(urllib.parse, "_check_bracketed_netloc"):
    urllib.parse._check_bracketed_netloc = lambda netloc: urllib.parse._check_bracketed_host(netloc.partition("[")[2].partition("]")[0])


def error_of(e, stage):
    record = {"type": type(e).__name__, "message": str(e), "stage": stage}
    if isinstance(e, ValidationError):
        entries = e.errors(include_url=False, include_context=False, include_input=False)
        record["errors"] = [{"type": entry["type"], "loc": list(entry["loc"]), "msg": entry["msg"]} for entry in entries]
    elif isinstance(e, MistralCommonException):
        record["family"] = "MistralCommonException"
    else:
        record["family"] = "ValueError" if isinstance(e, ValueError) else "other"
    return {"error": record}


def result_of(tokenized):
    out = {"tokens": list(tokenized.tokens), "text": tokenized.text}
    if tokenized.prefix_ids is not None:
        out["prefix_ids"] = list(tokenized.prefix_ids)
    if tokenized.images:
        out["images"] = [[int(image.shape[1]), int(image.shape[2])] for image in tokenized.images]
    if tokenized.audios:
        out["audios"] = [{"samples": len(audio.audio_array), "sampling_rate": audio.sampling_rate} for audio in tokenized.audios]
    return out


class Reference:
    """paths: tokenizer name -> file. Each file is loaded when it is first named."""

    def __init__(self, paths):
        self.paths = paths
        self.tokenizers = {}
        self.by_mode = {}
        self.wrappers = {}
        self.stage = "convert"

    def tokenizer(self, name):
        if name not in self.tokenizers:
            self.tokenizers[name] = MistralTokenizer.from_file(str(self.paths[name]))
        return self.tokenizers[name]

    def in_mode(self, name, mode):
        if (name, mode) not in self.by_mode:
            base = self.tokenizer(name).instruct_tokenizer
            inner = base.tokenizer
            self.by_mode[name, mode] = MistralTokenizer(
                base, validator=get_validator(inner.version, mode=ValidationMode(mode)),
                request_normalizer=get_normalizer(inner.version, inner.model_settings_builder))
        return self.by_mode[name, mode]

    def wrapper(self, name):
        if name not in self.wrappers:
            from transformers.tokenization_mistral_common import MistralCommonBackend

            self.wrappers[name] = MistralCommonBackend(tokenizer_path=str(self.paths[name]), mode=ValidationMode.test)
        return self.wrappers[name]

    def chat(self, record, request):
        converted = ChatCompletionRequest.from_openai(**request)
        self.stage = "encode"
        limit = record.get("max_model_input_len")
        more = {} if limit is None else {"max_model_input_len": limit}
        return result_of(self.in_mode(record["tokenizer"], record.get("mode", "test")).encode_chat_completion(converted, **more))

    def apply(self, record, request):
        wrapper = self.wrapper(record["tokenizer"])  # a tokenizer that it refuses is refused whatever the request
        messages, tools = request.pop("messages"), request.pop("tools", None)
        ids = wrapper.apply_chat_template(
            conversation=messages, tools=tools, tokenize=True, return_tensors=None, return_dict=False, **request)
        return {"tokens": [list(part) if isinstance(part, list) else part for part in ids]}

    def fim(self, record, request):
        converted = FIMRequest(**request)
        self.stage = "encode"
        return result_of(self.tokenizer(record["tokenizer"]).encode_fim(converted))

    def transcription(self, record, request):
        converted = TranscriptionRequest(**request)
        self.stage = "encode"
        return result_of(self.tokenizer(record["tokenizer"]).encode_transcription(converted))

    def speech(self, record, request):
        converted = SpeechRequest(**request)
        self.stage = "encode"
        tokenizer = self.tokenizer(record["tokenizer"])
        result = tokenizer.encode_speech_request(converted)
        result._text = tokenizer.decode(result.tokens, special_token_policy=SpecialTokenPolicy.KEEP)  # the library leaves it out
        return result_of(result)

    def inner(self, record):
        self.stage = "encode"
        return self.tokenizer(record["tokenizer"]).instruct_tokenizer.tokenizer

    def decode(self, record, request):
        return {"text": self.inner(record).decode(request["tokens"], special_token_policy=SpecialTokenPolicy[request["policy"]])}

    def piece(self, record, request):
        return {"text": self.inner(record).id_to_piece(request["id"])}

    def byte_piece(self, record, request):
        return {"hex": self.inner(record).id_to_byte_piece(request["id"], SpecialTokenPolicy[request["policy"]]).hex()}

    def is_special(self, record, request):
        return {"value": bool(self.inner(record).is_special(request["token"]))}

    def special_id(self, record, request):
        return {"id": self.inner(record).get_special_token(request["token"])}

    def encode(self, record, request):
        return {"tokens": list(self.inner(record).encode(request["text"], bos=request["bos"], eos=request["eos"]))}

    def answer(self, record):
        self.stage = "convert"
        try:
            request = json.loads(record["request_json"]) if "request_json" in record else copy.deepcopy(record["request"])
            if "request" in record and carried(request):
                request = with_bytes(request)
            return getattr(self, record["op"])(record, request)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as e:  # the regex engine may panic, which is no Exception
            return error_of(e, self.stage)
