"""The file that holds a tokenizer object: the one it was read from, or one written here for a tokenizer built in memory.

A file counts only when the reference, reading it, makes an equal tokenizer of it.
"""

import dataclasses
import json
import weakref
from pathlib import Path

from mistral_common.tokens.tokenizers.mistral import MistralTokenizer
from mistral_common.tokens.tokenizers.sentencepiece import SentencePieceTokenizer
from mistral_common.tokens.tokenizers.tekken import Tekkenizer


class NoFile(Exception):
    """No file holds this tokenizer."""


def plain(config):
    return None if config is None else dataclasses.asdict(config)


def encoder_state(encoder, name, chat):
    """Chats use two of the special ids of sounds; tests leave the others out though the vocabulary has them."""
    if encoder is None:
        return None
    ids = plain(encoder.special_ids)
    if chat and name == "audio_config":
        ids = ids["audio"], ids["begin_audio"]
    return plain(getattr(encoder, name)), ids


def tokenizer_state(tokenizer):
    """What a tokenizer is made of, for comparison."""
    if isinstance(tokenizer, Tekkenizer):
        builder = tokenizer.model_settings_builder
        return (tokenizer.version, tokenizer._vocab, tokenizer._all_special_tokens, tokenizer._model._pat_str,
                tokenizer._tekken_token2id_nospecial, builder and builder.model_dump())
    return tokenizer.version, Path(tokenizer.file_path).read_bytes()


def instruct_state(instruct, chat):
    images = encoder_state(getattr(instruct, "image_encoder", None), "image_config", chat)
    sounds = encoder_state(getattr(instruct, "audio_encoder", None), "audio_config", chat)
    return type(instruct), images, sounds


class Files:
    def __init__(self, folder):
        self.folder = folder
        self.arguments = weakref.WeakKeyDictionary()  # Tekkenizer -> what it was built from
        self.known = {}

    def built(self, tokenizer, arguments):
        self.arguments[tokenizer] = arguments

    def of_text(self, tokenizer):
        """For encode and decode: sections for images and sounds do not matter."""
        return self.find(tokenizer, None)

    def of_instruct(self, instruct, chat=False):
        return self.find(instruct.tokenizer, instruct, chat)

    def find(self, tokenizer, instruct, chat=False):
        key = (id(tokenizer), repr(instruct_state(instruct, chat)) if instruct else None, chat)
        if key not in self.known:
            self.known[key] = (self.search(tokenizer, instruct, chat), tokenizer)  # held, so that its id stays its own
        path = self.known[key][0]
        if path is None:
            raise NoFile("a tokenizer that no file can hold")
        return path

    def search(self, tokenizer, instruct, chat):
        if isinstance(tokenizer, SentencePieceTokenizer):
            candidates = [str(tokenizer.file_path)]
        elif isinstance(tokenizer, Tekkenizer) and tokenizer in self.arguments:
            own = getattr(tokenizer, "_path", None)
            candidates = ([str(own)] if own and Path(own).exists() else []) + [self.write(tokenizer, instruct)]
        else:
            return None  # a mock
        return next((path for path in candidates if self.holds(path, tokenizer, instruct, chat)), None)

    @staticmethod
    def holds(path, tokenizer, instruct, chat):
        try:
            read = MistralTokenizer.from_file(path).instruct_tokenizer
        except Exception:
            return False
        if tokenizer_state(read.tokenizer) != tokenizer_state(tokenizer):
            return False
        return instruct is None or instruct_state(read, chat) == instruct_state(instruct, chat)

    def write(self, tokenizer, instruct):
        """A tekken.json in the reference's own layout."""
        made = self.arguments[tokenizer]
        image = getattr(instruct, "image_encoder", None)
        audio = getattr(instruct, "audio_encoder", None)
        document = {
            "config": {"pattern": made["pattern"], "num_vocab_tokens": len(made["vocab"]),
                       "default_vocab_size": made["vocab_size"],
                       "default_num_special_tokens": made["num_special_tokens"], "version": made["version"].value},
            "vocab": made["vocab"],
            "special_tokens": made["special_tokens"],
        }
        if image is not None:
            document["image"] = plain(image.image_config)
        if audio is not None:
            section = plain(audio.audio_config)
            section["audio_encoding_config"] = section.pop("encoding_config")
            document["audio"] = section
        if made.get("model_settings_builder") is not None:
            document["model_settings_builder"] = made["model_settings_builder"].model_dump(mode="json")
        path = self.folder / f"tekken_{len(self.known)}.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        return str(path)
