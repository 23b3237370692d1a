"""A pytest plug-in: the reference's own tests, with sidetok under them in place of the reference's encoders.

Environment: SIDETOK (the program), SIDETOK_SUITE_FILES (a folder for tokenizer files written here), SIDETOK_VARIANTS
(the tokenizer files of the parity cases).

A call is *replaced* when the test gets sidetok's answer: its ids, text and prefix ids, or an exception of the class and
with the message that sidetok names. It is *checked* when its result is an object that sidetok has no form for
(converted, validated, normalized requests): then sidetok must answer the whole flow, ids or error, as the reference
does. Every other call is left to the reference and counted with its reason.

The values of images and sounds are the reference's; their number and sizes must be those that sidetok gives.
"""

import contextlib
import functools
import os
import sys
import warnings
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
os.environ["PYDANTIC_ERRORS_INCLUDE_URL"] = "0"  # sidetok gives pydantic's prose without its links

import pytest
from coprocess import Sidetok
from errors import exception_of
from forms import NoForm, chat_form, chat_of_instruct, plain_form, spelled
from mistral_common.protocol.instruct.normalize import InstructRequestNormalizer, get_normalizer
from mistral_common.protocol.instruct.request import ChatCompletionRequest
from mistral_common.protocol.instruct.validator import MistralRequestValidator, ValidationMode, get_validator
from mistral_common.tokens.tokenizers import instruct as instruct_module
from mistral_common.tokens.tokenizers.base import InstructTokenizer, SpecialTokenPolicy, Tokenized, TokenizerVersion
from mistral_common.tokens.tokenizers.mistral import MistralTokenizer
from mistral_common.tokens.tokenizers.sentencepiece import SentencePieceTokenizer
from mistral_common.tokens.tokenizers.tekken import Tekkenizer
from tokenizer_files import Files, NoFile

OF_VERSION = {"v1": "tokenizer.model.v1", "v2": "mistral_instruct_tokenizer_240216.model.v2", "v3": "tekken_240911.json",
              "v7": "tekken_audio_tiny_v7.json", "v11": "tekken_audio_tiny_v11_img.json", "v13": "tekken_audio_tiny_v13.json",
              "v15": "tekken_audio_tiny_v15.json"}

NEEDS_DATA = ("test_samples", "test_convert_image_chunk", "test_convert_image_chunk_from_openai_does_not_mutate_input")


class Suite:
    def __init__(self):
        self.sidetok = Sidetok(os.environ["SIDETOK"])
        self.files = Files(Path(os.environ["SIDETOK_SUITE_FILES"]))
        self.variants = Path(os.environ["SIDETOK_VARIANTS"])
        self.inside = 0  # above 0: the reference is running on our behalf or its own
        self.replaced, self.checked, self.left = Counter(), Counter(), Counter()
        self.passing = []
        self.readers = {}

    def left_alone(self, name, reason):
        self.left[name, str(reason)] += 1

    @contextlib.contextmanager
    def passed_up(self, name):
        """A call left alone may call its base class's method of the same name: that is not counted again."""
        self.passing.append(name)
        try:
            yield
        finally:
            self.passing.pop()

    def reference(self, function, *arguments, **named):
        """(result, None) or (None, exception), with nothing replaced. Its Python warnings are let through."""
        self.inside += 1
        try:
            return function(*arguments, **named), None
        except Exception as e:
            return None, e
        finally:
            self.inside -= 1

    def reader(self, version, mode):
        """A tokenizer of that version, for requests that name none; None where the cases have no such file."""
        if version not in self.readers:
            path = self.variants / OF_VERSION[version]
            self.readers[version] = (str(path), MistralTokenizer.from_file(path).instruct_tokenizer)
        path, tokenizer = self.readers[version]
        inner = tokenizer.tokenizer
        normalizer = get_normalizer(inner.version, inner.model_settings_builder)
        return path, MistralTokenizer(tokenizer, get_validator(inner.version, mode=mode), normalizer)


suite = None


def is_service(answer):
    return answer.get("error", {}).get("family") == "service"


def tokenized(answer, own):
    """own: the reference's result, for the values of images and sounds; its errors show in the answer's own."""
    images = list(own.images) if own else []
    sounds = list(own.audios) if own else []
    assert [[int(n) for n in image.shape[1:]] for image in images] == answer.get("images", []), "sizes of images"
    assert [{"samples": len(s.audio_array), "sampling_rate": s.sampling_rate} for s in sounds] == answer.get("audios", [])
    result = Tokenized(tokens=answer["tokens"], prefix_ids=answer.get("prefix_ids"), images=images, audios=sounds)
    result._text = answer["text"]
    return result


def replace(owner, name, ask, make):
    """owner.name asks sidetok. ask(self, ...) gives the answer or raises NoForm or NoFile; make(answer, own) the result."""
    original = owner.__dict__[name]
    label = f"{owner.__name__}.{name}"

    @functools.wraps(original)
    def call(self, *arguments, **named):
        if suite.inside or name in suite.passing:
            return original(self, *arguments, **named)
        suite.inside += 1
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                answer = ask(self, *arguments, **named)
        except (NoForm, NoFile) as e:
            suite.left_alone(label, e)
            answer = None
        finally:
            suite.inside -= 1
        if answer is not None and is_service(answer):
            suite.left_alone(label, f"service error: {answer['error']['message']}")
            answer = None
        if answer is None:
            with suite.passed_up(name):
                return original(self, *arguments, **named)
        suite.replaced[label] += 1
        own, raised = suite.reference(original, self, *arguments, **named)
        if "error" in answer:
            raise exception_of(answer["error"], raised)
        return make(answer, own)

    setattr(owner, name, call)


def mode_of(tokenizer):
    """The mode, if validator and normalizer are those that belong to the version."""
    version, builder = tokenizer.version, tokenizer.instruct_tokenizer.tokenizer.model_settings_builder
    mode = tokenizer.mode
    theirs = (tokenizer._chat_completion_request_validator, tokenizer._instruct_request_normalizer)
    usual = (get_validator(version, mode=mode), get_normalizer(version, builder))
    if [type(x) for x in theirs] != [type(x) for x in usual]:
        raise NoForm("a validator or normalizer of another version")
    if vars(theirs[1]) != vars(usual[1]):
        raise NoForm("a normalizer with other settings than the file's")
    return mode.value


def ask_chat(self, request, max_model_input_len=None):
    more = {} if max_model_input_len is None else {"max_model_input_len": max_model_input_len}
    return suite.sidetok.ask(suite.files.of_instruct(self.instruct_tokenizer, chat=True), "chat", chat_form(request),
                             mode=mode_of(self), **more)


def ask_instruct(self, request):
    path = suite.files.of_instruct(self, chat=True)
    chat = chat_of_instruct(request, self.tokenizer)
    limit = request.truncate_at_max_tokens
    more = {} if limit is None else {"max_model_input_len": limit}
    return suite.sidetok.ask(path, "chat", chat_form(chat), mode="test", **more)


def ask_plain(op):
    def ask(self, request):
        instruct = self.instruct_tokenizer if isinstance(self, MistralTokenizer) else self
        return suite.sidetok.ask(suite.files.of_instruct(instruct), op, plain_form(request))

    return ask


def ask_encode(self, s, bos, eos):
    return suite.sidetok.ask(suite.files.of_text(self), "encode", spelled({"text": s, "bos": bool(bos), "eos": bool(eos)}))


def ask_decode(self, tokens, special_token_policy=SpecialTokenPolicy.IGNORE):
    if not isinstance(special_token_policy, SpecialTokenPolicy):
        raise NoForm("a policy that is no SpecialTokenPolicy")
    body = spelled({"tokens": [int(token) for token in tokens], "policy": special_token_policy.name})
    return suite.sidetok.ask(suite.files.of_text(self), "decode", body)


def ask_piece(self, token_id):
    return suite.sidetok.ask(suite.files.of_text(self), "piece", {"id": int(token_id)})


def ask_byte_piece(self, token_id, special_token_policy=SpecialTokenPolicy.RAISE):
    if not isinstance(special_token_policy, SpecialTokenPolicy):
        raise NoForm("a policy that is no SpecialTokenPolicy")
    return suite.sidetok.ask(suite.files.of_text(self), "byte_piece", {"id": int(token_id), "policy": special_token_policy.name})


def ask_is_special(self, token):
    if not isinstance(token, (str, int)):
        raise NoForm("a token that is neither text nor int")
    return suite.sidetok.ask(suite.files.of_text(self), "is_special", {"token": token})


def ask_special_id(self, s):
    return suite.sidetok.ask(suite.files.of_text(self), "special_id", {"token": s})


def outcome(result, raised):
    """What the cases record, of a call in process."""
    if raised is not None:
        return "error", type(raised).__name__, str(raised)
    return "tokens", list(result.tokens), [list(map(int, image.shape[1:])) for image in result.images], len(result.audios)


def outcome_of(answer):
    if "error" in answer:
        return "error", answer["error"]["type"], answer["error"]["message"]
    return "tokens", answer["tokens"], answer.get("images", []), len(answer.get("audios", []))


def compare_whole(label, version, mode, body):
    """The whole flow from an OpenAI request on, in both; the reference with its own version's tokenizer."""
    def reference_flow():
        return tokenizer.encode_chat_completion(ChatCompletionRequest.from_openai(**spelled(body)))

    path, tokenizer = suite.reader(version, mode)
    answer = suite.sidetok.ask(path, "chat", body, mode=mode.value)
    if is_service(answer):
        return suite.left_alone(label, f"service error: {answer['error']['message']}")
    suite.checked[label] += 1
    ours, theirs = outcome_of(answer), outcome(*suite.reference(reference_flow))
    assert ours == theirs, f"sidetok differs under {label}\nrequest {body}\nreference {theirs!r:.2000}\nsidetok   {ours!r:.2000}"


def check(owner, name, body_of, label=None):
    """owner.name runs as it is; then body_of(self, ...) -> (version, mode, OpenAI body) goes the whole way in both."""
    original = owner.__dict__[name]
    bound = original.__func__ if isinstance(original, classmethod) else original
    label = label or f"{owner.__name__}.{name}"

    @functools.wraps(bound)
    def call(self, *arguments, **named):
        if suite.inside:
            return bound(self, *arguments, **named)
        suite.inside += 1
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                compare_whole(label, *body_of(self, *arguments, **named))
        except (NoForm, NoFile) as e:
            suite.left_alone(label, e)
        finally:
            suite.inside -= 1
        return bound(self, *arguments, **named)

    setattr(owner, name, classmethod(call) if isinstance(original, classmethod) else call)


def body_of_from_openai(cls, messages, tools=None, continue_final_message=False, **more):
    body = {"messages": messages, **more}
    if tools is not None:
        body["tools"] = tools
    if continue_final_message is not False:
        body["continue_final_message"] = continue_final_message
    return "v13", ValidationMode.test, spelled(body)


# The newest version that uses a class stands for it.
VALIDATORS = {type(get_validator(TokenizerVersion(v), mode=ValidationMode.test)).__name__: v for v in OF_VERSION}
NORMALIZERS = {type(get_normalizer(TokenizerVersion(v))).__name__: v for v in OF_VERSION}


def version_of(self, table):
    if type(self).__name__ not in table:
        raise NoForm(f"a {type(self).__name__}")
    return table[type(self).__name__]


def body_of_validated(self, request):
    return version_of(self, VALIDATORS), self.mode, chat_form(request)


def body_of_messages(self, messages, *more, **named):
    if more or named:
        raise NoForm("validate_messages with other arguments")
    try:
        request = ChatCompletionRequest(messages=messages)
    except Exception as e:
        raise NoForm("messages that no request takes") from e
    return version_of(self, VALIDATORS), self.mode, chat_form(request)


def body_of_normalized(self, request):
    return version_of(self, NORMALIZERS), ValidationMode.test, chat_form(request)


def note_arguments():
    original = Tekkenizer.__init__

    @functools.wraps(original)
    def init(self, vocab, special_tokens, pattern, vocab_size, num_special_tokens, version, **named):
        suite.inside += 1
        try:
            original(self, vocab, special_tokens, pattern, vocab_size, num_special_tokens, version, **named)
        finally:
            suite.inside -= 1
        suite.files.built(self, {"vocab": vocab, "special_tokens": special_tokens, "pattern": pattern, "vocab_size": vocab_size,
                                 "num_special_tokens": num_special_tokens, "version": version, **named})

    Tekkenizer.__init__ = init


def patch_text(owner):
    replace(owner, "encode", ask_encode, lambda answer, own: answer["tokens"])
    replace(owner, "decode", ask_decode, lambda answer, own: answer["text"])
    replace(owner, "id_to_piece", ask_piece, lambda answer, own: answer["text"])
    replace(owner, "is_special", ask_is_special, lambda answer, own: answer["value"])
    replace(owner, "get_special_token", ask_special_id, lambda answer, own: answer["id"])


def patch_instruct():
    names = {"encode_instruct": ask_instruct, "encode_fim": ask_plain("fim"), "encode_transcription": ask_plain("transcription"),
             "encode_speech_request": ask_plain("speech")}
    for owner in vars(instruct_module).values():
        if isinstance(owner, type) and issubclass(owner, InstructTokenizer):
            for name, ask in names.items():
                if name in owner.__dict__ and owner.__module__ == instruct_module.__name__:
                    replace(owner, name, ask, tokenized)


def patch_all():
    note_arguments()
    patch_text(Tekkenizer)
    patch_text(SentencePieceTokenizer)
    replace(Tekkenizer, "id_to_byte_piece", ask_byte_piece, lambda answer, own: bytes.fromhex(answer["hex"]))
    patch_instruct()
    replace(MistralTokenizer, "encode_chat_completion", ask_chat, tokenized)
    check(ChatCompletionRequest, "from_openai", body_of_from_openai)
    check(MistralRequestValidator, "validate_request", body_of_validated)
    check(MistralRequestValidator, "validate_messages", body_of_messages)
    for owner in (InstructRequestNormalizer, *InstructRequestNormalizer.__subclasses__()):
        for made in (owner, *owner.__subclasses__()):
            if "from_chat_completion_request" in made.__dict__ and not hasattr(made.from_chat_completion_request, "__wrapped__"):
                check(made, "from_chat_completion_request", body_of_normalized)


def pytest_collection_modifyitems(items):
    """The source archive lacks the tests' data folder."""
    for item in items:
        missing = item.name.split("[")[0] in NEEDS_DATA and not (Path(item.fspath).parent / "data").is_dir()
        if missing:
            item.add_marker(pytest.mark.skip(reason="its data are not in the source archive"))


def pytest_configure(config):
    global suite
    suite = Suite()
    patch_all()


def pytest_terminal_summary(terminalreporter):
    write = terminalreporter.write_line
    for title, counter in (("replaced", suite.replaced), ("checked", suite.checked)):
        write(f"calls {title}: {sum(counter.values())}")
        for label, n in sorted(counter.items()):
            write(f"  {n:6} {label}")
    write(f"calls left to the reference: {sum(suite.left.values())}")
    for (label, reason), n in sorted(suite.left.items()):
        write(f"  {n:6} {label}: {reason}")


def pytest_unconfigure(config):
    suite.sidetok.close()
