"""Valid requests of every kind, made from a random number generator: the seeds of the live fuzz."""

import base64
import io
import json
import struct
import zlib

from request_breaker import JUNK, Speller

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
WORDS = (
    "the quick brown fox doesn't jump over 3,141 lazy dogs — \"fine\" it's naïve façade Straße İstanbul "
    "def fib(n): return n if n<2 else {'a':[1,2.5,None]} // \\n \t x_y camelCase HTTPServer 0x7f"
).split(" ")
SPECIALS = ["<s>", "</s>", "[INST]", "[/INST]", "[TOOL_CALLS]", "[IMG]", "[THINK]", "<unk>", "<0x0A>", "▁[INST]", "[REF]", "[REFERENCE_DOC_3]", "[SUFFIX]", "[PREFIX]", "[ARGS]",
            "[CALL_ID]", "[AUDIO]", "[MODEL_SETTINGS]", "[SYSTEM_PROMPT]", "<pad>", "<SPECIAL_20>", "[control_8]", "[INST", "<|im_end|>"]
ODD = ["é", "e\u0301", "中文", "こんにちは", "한국어", "العربية", "हिन्दी", "😀", "👩‍👩‍👧", "\u2581", "\xa0", "\u3000", "\u200b", "\x00",
       "\x1f", "\x85", "ǅ", "ﬁ", "𝔸", "\U0010ffff", "'", '"', "\\", "\r\n", "\n\n", "   ", "\ufeff", "²³", "١٢٣",
       "\u202eabc\u202c", "\u2067", "\ufffd", "\uffff", "\ue000", "\U000f0000", "\U000e0041", "q\u0307\u0323", "\u0301", "\uac00\u11a8", "\u1100\u1161", "🇫🇷🇩", "1️⃣", "\u2028", "\x1c", "\x7f", "K", "ſ", "’s", "'LL",
       "\ud83d", "\u0378", "ﷺ", "𐐀𐐨", "\u115f", "\xad"]
NAMES = ["get_weather", "f", "a-b_9", "Search2", "x" * 64]
BAD_NAMES = ["", "a b", "f\n", "é", "x" * 65, "f.g", "f\n\n"]
SCHEMA_TYPES = ["string", "integer", "number", "boolean", "object", "array", "null"]
LENGTHS = [0, 1, 3, 10, 10, 40, None, -1, 2.5, 10.0, True, "9", [1], 10**30, -(10**30), 2**63, 2**63 - 1, -(2**63), 1e300, float("nan")]
DELAYS = [None, 0, 1, 9, 10, 79, 80, 81, 160, 240, 480, 481, 800, 960, 2400, 5000, 30000, -1, -80, -81, -880, -960, -5000, 10**5, 480.0, 480.5, "480", True]
LANGUAGES = ["en", "fr", "de", "zh", "ja", "no", "nb", "iw", "he", "EN", "Fr", "eng", "xx", "", " ", "en-US", "e", "İT", None, 5]
VOICES = ["preset", "zero", "It's", "tab\there", "é\u3000", "minus", "Neutral Male", "Neutral Female", "casual_male", "x", "nobody", "", 'a"b', "\ud800", None, 5]
SCHEMES = ["http://"] * 6 + ["https://", "HTTP://", "http:", "http:/", "http:///", "http:\\\\", "http", "httpx://", "http.a", " http://", "//", "x://", "file://", "data://", "data:"]
USERS = [""] * 4 + ["@", "u@", "u:p@", "\xe9:%ff@", "%E2%82%AC:a@", "u:\u20acx\u20ac@", "\u20ac@", "%zz%41:\u20ac@", "a@b@", "[@"]
HOSTS = ["a", "B", ".", "..", "*", "-", "_", "1", "0x7f", "256", "1.2.3.4", "a.b", "x" * 63, "[", "]", "[::1]", "[::]", "[1::2]", "[1:2:3:4:5:6:7:8]", "[::1.2.3.4]", "[::1.2.3.256]", "[1::2::3]",
         "[::1%]", "[1.2.3.4]", "[v1.a]", "[v1.\xe9]", "[vx.a]", ":", ":80", ":99999", ":065535", ":x", "%", "%41", "%2e", "%00", "%20", " ", "\x00", "\t", "\x7f", "!"]
HIDING = ["\u2100", "\uff0f", "\uff1a", "\u2a74"]  # NFKC makes delimiters of them
TAILS = ["", "/", "?", "#", "\\", "/a b", "/%zz", "?q#f", "/\ud800", "/["]
POLICIES = ["IGNORE", "KEEP", "RAISE"]
PLAIN = ["encode", "decode", "piece", "byte_piece", "is_special", "special_id"]  # operations on the tokenizer itself: only their values are random
EFFORTS = ["none", "minimal", "low", "medium", "high", "xhigh", "max"]


def png(width, height):
    """A grey image."""

    def part(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes((width + 1) * height), 9)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", header) + part(b"IDAT", rows) + part(b"IEND", b"")


def wav(samples, rate, channels=1):
    """Silence, 16 bits."""
    data = bytes(2 * samples * channels)
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 1, channels, rate,
                       rate * 2 * channels, 2 * channels, 16, b"data", len(data))
    return head + data


class Maker:
    """Requests for one tokenizer; `version` (such as "v11") only tilts the odds towards what it supports."""

    def __init__(self, rng, version="v7", images=False, sounds=False):
        self.rng = rng
        self.number = int("".join(c for c in version.split("m")[0] if c.isdigit()) or 0)
        self.images = images
        self.sounds = sounds

    def maybe(self, chance):
        return self.rng.random() < chance

    def pick(self, values):
        return self.rng.choice(values)

    # texts and values

    def word(self):
        kind = self.rng.random()
        if kind < 0.75:
            return self.pick(WORDS)
        if kind < 0.85:
            return self.pick(ODD)
        if kind < 0.9:
            return self.pick(SPECIALS)
        if kind < 0.96:
            return str(self.rng.randrange(10 ** self.rng.randrange(1, 12)))
        return chr(self.pick([self.rng.randrange(32, 0x250), self.rng.randrange(0x250, 0xD800), self.rng.randrange(0xE000, 0x20000)]))

    def text(self, longest=12):
        if self.maybe(0.004):
            return self.word() * self.pick([50, 300, 2000])
        n = self.pick([1, 1, 2, 3, 5, longest])
        text = self.pick(["", " ", " ", " ", "\n"]).join(self.word() for _ in range(n))
        return text + self.pick([" ", "\n", "  "]) if self.maybe(0.1) else text

    def number_value(self):
        return self.pick([0, 1, -1, 7, 21.5, -0.0, 1e16, 1e-7, 123456789012345678901, 1.5e300, 0.1, 3.0, float("nan"), float("inf"), 2**53 + 1, -(2**63), 5e-324, 1e22, 0.30000000000000004,
                          self.rng.uniform(-1, 1) * 10.0 ** self.rng.randrange(-320, 308), self.rng.getrandbits(70)])

    def value(self, depth=0):
        kind = self.rng.random()
        if depth < 3 and kind < 0.12:
            return [self.value(depth + 1) for _ in range(self.rng.randrange(4))]
        if depth < 3 and kind < 0.3:
            return self.members(depth + 1)
        return self.pick([self.number_value(), self.text(3), None, True, False, ""])

    def nested(self, value):
        for _ in range(self.rng.randrange(300)):
            value = [value] if self.maybe(0.5) else {"k": value}
        return value

    def members(self, depth=0):
        return {self.pick([self.text(1), self.pick("abcxyz"), "city", "é"]): self.value(depth) for _ in range(self.rng.randrange(4))}

    def json_text(self, value):
        """value spelled as JSON in one of many ways."""
        if self.maybe(0.2):
            return Speller(self.rng).spell(value)
        if self.maybe(0.02):
            value = self.nested(value)
        return json.dumps(value, ensure_ascii=self.maybe(0.5), indent=self.pick([None, None, 1]), separators=self.pick([None, None, (",", ":")]))

    def address(self):
        """An address, or nearly one; of images hosts in ASCII only, for sidetok does not ask IDNA."""
        host = "".join(self.pick(HOSTS) for _ in range(self.pick([0, 1, 1, 2, 3])))
        return self.pick(SCHEMES) + self.pick(USERS) + host + self.pick(TAILS)

    # chunks

    def image(self):
        width, height = self.pick([1, 2, 15, 16, 17, 20, 33, 64, 100, 1500]), self.pick([1, 3, 16, 31, 32, 50, 1100])
        kind, data = ("png", png(width, height)) if self.maybe(0.5) else self.coded_image(width, height)
        if self.maybe(0.03):
            data = data[: self.rng.randrange(len(data))]
        url = self.pick([f"data:image/{kind};base64,"] * 4 + ["", "data:;base64,"]) + base64.b64encode(data).decode()
        if self.maybe(0.02):
            url = self.pick(["file:///no/such", "file:///dev/null", "file:///no//such/", "file:///", "file:///no\ud800", "file:///no\x00", "/no/such", "ftp://a", ""])
        if self.maybe(0.08):
            url = self.address()
        shape = self.pick([url, {"url": url}, {"url": url}, {"url": url, "detail": self.pick(["auto", None, "high"])}])
        return {"type": "image_url", "image_url": shape}

    def coded_image(self, width, height):
        """Formats that only the reference's image library writes; a PNG of our own where it is missing."""
        try:
            from PIL import Image
        except ImportError:
            return "png", png(width, height)
        kind = self.pick(["PNG", "JPEG", "GIF", "WEBP", "BMP"])
        mode = self.pick({"JPEG": ["L", "RGB", "CMYK"], "WEBP": ["RGB", "RGBA"], "GIF": ["L", "P"]}.get(kind, ["1", "L", "P", "RGB", "RGBA"]))
        out = io.BytesIO()
        Image.new(mode, (width, height)).save(out, kind)
        return kind.lower(), out.getvalue()

    def sound(self):
        data = base64.b64encode(wav(self.pick([1, 160, 1600, 1601]), self.pick([8000, 16000, 24000]))).decode()
        if self.maybe(0.1):
            raw = {"$bytes": data}
            return {"type": "input_audio", "input_audio": self.pick([raw, {"data": raw, "format": "wav"}])}
        if self.maybe(0.1):
            url = self.address() + (self.pick(HIDING) if self.maybe(0.1) else "")
            return {"type": "audio_url", "audio_url": self.pick([url, {"url": url}])}
        if self.maybe(0.3):
            return {"type": "audio_url", "audio_url": self.pick(["data:audio/wav;base64," + data, {"url": "data:audio/wav;base64," + data}])}
        return {"type": "input_audio", "input_audio": self.pick([{"data": data, "format": "wav"}, data, {"data": "data:audio/wav;base64," + data}])}

    def text_chunk(self):
        return {"type": "text", "text": self.text()}

    def think_chunk(self):
        chunk = {"type": "thinking", "thinking": self.text(4)}
        if self.maybe(0.3):
            chunk["closed"] = self.maybe(0.6)
        return chunk

    def content(self, kinds):
        """Text, or chunks of the kinds named."""
        if self.maybe(0.65):
            return self.text() if self.maybe(0.95) else ""
        return [getattr(self, self.pick(kinds))() for _ in range(self.pick([1, 1, 2, 3]))]

    def user_kinds(self):
        return ["text_chunk"] * 2 + ["image"] * (2 * self.images) + ["sound"] * (2 * self.sounds)

    # messages

    def system(self):
        kinds = ["text_chunk"] * 3 + ["think_chunk"] * (self.number >= 13)
        return {"role": self.pick(["system"] * 5 + ["developer"]), "content": self.content(kinds)}

    def user(self):
        return {"role": "user", "content": self.content(self.user_kinds())}

    def assistant(self):
        kinds = ["text_chunk"] * 2 + ["think_chunk"] * (2 if self.number >= 11 else self.maybe(0.1))
        message = {"role": "assistant", "content": self.content(kinds)}
        if self.number >= 11 and self.maybe(0.15) and isinstance(message["content"], str):
            message[self.pick(["reasoning", "reasoning_content"])] = self.text(4)
        if self.maybe(0.05):
            message["prefix"] = self.maybe(0.5)
        return message

    def call_id(self):
        if self.maybe(0.06):
            return self.pick(["null", "", "a", "abcdefgh", "abcdefghij", "abcd-fghi", "abcdefgh\n", "éabcdefgh", "abcdefghi\n", "abcdefgh ", "         ", "ABCDEFGH_", "٣bcdefghi",
                              "call_0123456789abcdef", "chatcmpl-tool-0f1e2d3c4b5a69788796a5b4c3d2e1f0", "".join(self.rng.choices(LETTERS, k=self.rng.randrange(20)))])
        return "".join(self.rng.choices(LETTERS, k=9))

    def name(self):
        return self.pick(BAD_NAMES) if self.maybe(0.03) else self.pick(NAMES)

    def call(self):
        arguments = self.pick([self.members(), self.json_text(self.members()), self.json_text(self.members()), "{}", "", "{broken", None, self.json_text(self.value())])
        call = {"id": self.call_id(), "type": "function", "function": {"name": self.name(), "arguments": arguments}}
        if self.maybe(0.05):
            call.pop(self.pick(["id", "type"]))
        return call

    def calls_and_results(self):
        """An assistant message with calls, and the results, in some order."""
        calls = [self.call() for _ in range(self.pick([1, 1, 2, 3]) if self.maybe(0.98) else self.rng.randrange(1, 12))]
        message = {"role": "assistant", "content": self.pick([None, None, "", self.text(3)]), "tool_calls": calls}
        if message["content"] is None and self.maybe(0.4):
            del message["content"]
        results = [self.result(call) for call in calls]
        if self.maybe(0.3):
            self.rng.shuffle(results)
        if self.maybe(0.06):
            results.append(self.pick([results[-1], self.result(self.call())]))
        if self.maybe(0.05):
            results[-1]["tool_call_id"] = results[0]["tool_call_id"]
        if self.maybe(0.04):
            message["tool_calls"].append(self.pick(message["tool_calls"]))
        return [message] + results[: len(results) - self.maybe(0.08)]

    def result(self, call):
        kinds = ["text_chunk"] * 3 + ["image"] * self.images + ["sound"] * (self.sounds and self.number >= 15)
        content = self.pick([self.json_text(self.value()), self.text(4), self.content(kinds)])
        message = {"role": "tool", "content": content, "tool_call_id": call.get("id", "null")}
        if self.maybe(0.2):
            message["name"] = call["function"]["name"] if self.maybe(0.8) else self.name()
        return message

    def messages(self):
        out = [self.system()] if self.maybe(0.4) else []
        for turn in range(self.pick([1, 1, 1, 2, 3]) if self.maybe(0.98) else self.rng.randrange(1, 30)):
            if turn:
                out.append(self.assistant())
            out += [self.user() for _ in range(1 + self.maybe(0.08))]
            if self.maybe(0.06):
                out.append(self.system())
            if self.maybe(0.3 if self.number >= 3 else 0.1):
                out += self.calls_and_results()
                if self.maybe(0.5):
                    out += [self.assistant(), self.user()]
        return out

    # the rest of a chat request

    def wild_schema(self, depth=0):
        """Any keywords of draft 7, with values of the right kind, of another keyword's kind, or of none."""
        values = {
            "type": ["string", "nope", ["string", "null"], ["string", "string"], [], 5], "pattern": ["^a$", "(", "a{2,1}", "\\N{EM DASH}", "(?P<a>b)(?P=a)", 3],
            "minLength": [0, 2.0, -1, 1.5, True], "multipleOf": [0.1, 0, -1, True, "1"], "enum": [[], [1, 1], ["a"], 5], "required": [[], ["a", "a"], ["a", 1], "a"],
            "items": [{}, True, [], [{}, {"type": "x"}], 5], "definitions": [{}, {"a": 5}, []], "patternProperties": [{"(": {}}, {"^a": {"type": "x"}}, {"a": 1, "[": 2}],
            "dependencies": [{"a": ["b"]}, {"a": ["b", "b"]}, {"a": {"type": "x"}}, {"a": 5}], "uniqueItems": [True, 1], "format": ["date", "regex", 5], "$ref": ["#", "http://sidetok.invalid/x", 5, "%"],
            "$id": ["http://sidetok.invalid/", 5, "#a"], "$schema": ["http://json-schema.org/draft-07/schema#", "http://json-schema.org/draft-04/schema#", 5],
            "const": [None, {}], "default": [5, {}], "examples": [[], 5], "minimum": [0, "0", True, None], "maxItems": [1, -1, 1e300], "title": ["", 5],
        }
        out = {}
        for _ in range(self.pick([1, 1, 2, 3, 5])):
            if self.maybe(0.35) and depth < 4:
                name = self.pick(["not", "if", "then", "else", "contains", "propertyNames", "additionalProperties", "additionalItems", "items", "allOf", "anyOf", "oneOf", "properties",
                                  "definitions", "patternProperties", "dependencies"])
                inner = self.wild_schema(depth + 1)
                many = {self.pick(["a", "^b", "é", ""]): self.pick([inner, self.wild_schema(depth + 1)]) for _ in range(self.pick([1, 1, 2]))}
                out[name] = [inner] if name.endswith("Of") else many if name in ("properties", "definitions", "patternProperties", "dependencies") else inner
            else:
                name = self.pick(list(values))
                out[name] = self.pick(values[name] if self.maybe(0.85) else self.pick(list(values.values())) if self.maybe(0.5) else JUNK)
        return out

    def schema(self, depth=0):
        if self.maybe(0.04):
            return self.wild_schema()
        kind = self.pick(SCHEMA_TYPES)
        schema = {"type": kind if self.maybe(0.9) else [kind, "null"]}
        if self.maybe(0.4):
            schema["description"] = self.text(4)
        if kind == "object" and depth < 3:
            schema["properties"] = {self.pick(["a", "b", "city", "é", "unit"]): self.schema(depth + 1) for _ in range(self.rng.randrange(3))}
            if self.maybe(0.5):
                schema["required"] = list(schema["properties"])
        if kind == "array" and depth < 3:
            schema["items"] = self.schema(depth + 1)
        if kind == "string" and self.maybe(0.3):
            schema.update(self.pick([{"enum": ["C", "F"]}, {"pattern": "^[a-z]+$"}, {"minLength": 1}, {"format": "date"}, {"default": self.text(2)}]))
        if kind in ("integer", "number") and self.maybe(0.3):
            schema.update(self.pick([{"minimum": 0}, {"maximum": 1e100}, {"multipleOf": 0.1}, {"exclusiveMinimum": -1}]))
        if self.maybe(0.05):
            schema = {self.pick(["anyOf", "oneOf", "allOf"]): [schema, {"type": "null"}]}
        return schema

    def object_schema(self):
        if self.maybe(0.1):
            return self.wild_schema()
        return {"type": "object", "properties": {self.pick(["a", "b", "city"]): self.schema(1) for _ in range(self.rng.randrange(3))}}

    def tool(self):
        function = {"name": self.name(), "description": self.text(5), "parameters": self.object_schema()}
        for name in ("description", "parameters"):
            if self.maybe(0.08):
                function.pop(name) if self.maybe(0.5) else function.update({name: None})
        if self.maybe(0.15):
            function["strict"] = self.pick([True, False, None])
        return {"type": "function", "function": function} if self.maybe(0.95) else {"function": function}

    def response_format(self):
        schema = {"name": self.pick(["n", self.text(2)]), "schema": self.object_schema()}
        if self.maybe(0.4):
            schema["strict"] = self.maybe(0.5)
        if self.maybe(0.3):
            schema["description"] = self.pick([None, self.text(3)])
        return self.pick([{"type": "text"}, {"type": "json_object"}, {"type": "json_schema", "json_schema": schema}, {}, {"type": "text", "json_schema": schema}])

    def extras(self):
        choices = {
            "temperature": [0, 0.5, 1, 1.0], "top_p": [0.9, 1], "max_tokens": [0, 1, 100, None], "seed": [0, 5, None],
            "random_seed": [3, None], "model": ["m", "mistral-large"], "tool_choice": ["auto", "none", "any", "required", {"type": "function", "function": {"name": "f"}}],
            "parallel_tool_calls": [True, False, None], "stream": [True], "n": [1], "user": ["u"],
        }
        names = self.rng.sample(list(choices), self.pick([0, 0, 0, 1, 2]))
        return {name: self.pick(choices[name]) for name in names}

    def chat(self):
        request = {"messages": self.messages()}
        if self.maybe(0.35):
            request["tools"] = self.pick([None, []]) if self.maybe(0.1) else [self.tool() for _ in range(self.pick([1, 1, 2, 3]))]
        if self.maybe(0.04):
            request["messages"].append(self.calls_and_results()[0])
            request["messages"][-1]["tool_calls"][-1]["id"] = self.pick(["null", self.call_id()])
        if request["messages"] and request["messages"][-1]["role"] != "assistant" and self.maybe(0.15):
            request["messages"].append(self.assistant())
            request["continue_final_message"] = self.pick([True] * 6 + [1, "yes", "on", False, "true", 2, None])
        if self.maybe(0.2 if self.number >= 15 else 0.03):
            request["reasoning_effort"] = self.pick(EFFORTS + ["none", "high", None])
        if self.maybe(0.15):
            request["response_format"] = self.response_format()
        request.update(self.extras())
        return request

    # the other operations

    def apply(self):
        request = self.chat()
        if self.maybe(0.4) and not request.get("continue_final_message"):
            request["add_generation_prompt"] = self.maybe(0.8)
        if self.maybe(0.2):
            request.update(self.pick([{"truncation": True, "max_length": self.rng.randrange(1, 40)}, {"truncation": False}, {"max_length": 5},
                                      {"padding": self.pick([True, False, "longest", "do_not_pad"])},
                                      {"padding": "max_length", "max_length": self.rng.randrange(1, 60)},
                                      {"padding": self.pick([True, "max_length"]), "truncation": True, "max_length": self.pick(LENGTHS)}]))
        if self.images and self.maybe(0.1):
            image = self.image()["image_url"]
            url = image if isinstance(image, str) else image["url"]
            path = self.pick(["/no/such.png", "/no/sé ch#.png", "/no/../x//y/./z/", "/", "/no/\ud800", "/no/\udc80\ud800", "/no\x00", "file:///no/such", 5, ["a"]])
            chunk = {"type": "image", **self.pick([{"url": url}, {"base64": url}, {"base64": url.rpartition(",")[2]}, {"path": path}, {}])}
            request["messages"].append({"role": "user", "content": [chunk, self.text_chunk()]})
        if self.sounds and self.maybe(0.2):
            data = base64.b64encode(wav(1600, 16000)).decode()
            source = self.pick([{"base64": data}, {"base64": "data:audio/wav;base64," + data}, {"path": self.pick(["/no/such.wav", "/", "/dev/null", 5])},
                                {"url": self.pick(["/no/such.wav", {"a": 1}, "data:,", "file:///no"])}, {}])
            request["messages"].append({"role": "user", "content": [{"type": "audio", **source}, self.text_chunk()]})
        if self.maybe(0.15):
            request["messages"] = [request["messages"]] + [self.messages() for _ in range(self.pick([0, 1, 1, 2]))]
        return request

    def fim(self):
        request = {"prompt": self.text()}
        if self.maybe(0.7):
            request["suffix"] = self.pick([None, "", self.text(), self.text()])
        request.update(self.pick([{}, {}, {"temperature": 0.3}, {"max_tokens": 5}, {"random_seed": 1}]))
        return request

    def transcription(self):
        request = {"audio": base64.b64encode(wav(self.pick([1, 160, 8000]), self.pick([16000, 8000]))).decode()}
        if self.maybe(0.3):
            request["audio"] = self.pick([{"$bytes": request["audio"]}, {"data": request["audio"], "format": "wav"}, {"data": {"$bytes": request["audio"]}, "format": "wav"}, ""])
        if self.maybe(0.5):
            request["language"] = self.pick(LANGUAGES) if self.maybe(0.5) else "".join(self.rng.choices(LETTERS[:26], k=2))
        if self.maybe(0.3):
            request["streaming"] = self.pick(["disabled", "online", "offline"])
        if self.maybe(0.2):
            request["target_streaming_delay_ms"] = self.pick(DELAYS)
        request.update(self.pick([{}, {}, {"model": "m"}, {"id": "1"}, {"strict_audio_validation": False}]))
        return request

    def speech(self):
        request = {"input": self.text()}
        if self.maybe(0.6):
            request["voice"] = self.pick(VOICES)
        if self.maybe(0.5):
            request["ref_audio"] = base64.b64encode(wav(self.pick([1, 1600, 8000]), 24000)).decode()
            if self.maybe(0.2):
                request["ref_audio"] = {"$bytes": request["ref_audio"]}
        return request

    # the tokenizer itself

    def token(self):
        if self.maybe(0.02):
            return self.pick([-1, -2, -100, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**63 - 1, 131071, 131072, 131073, 32767, 32768, 355, 356, 39999, 40000])
        return self.rng.randrange(self.pick([45, 105, 356, 1100, 1260, 32768, 131072]))

    def encode(self):
        return {"text": self.text(40), "bos": self.maybe(0.3), "eos": self.maybe(0.3)}

    def decode(self):
        near = self.rng.randrange(0, 1300, 4)
        tokens = [near + self.rng.randrange(256) if self.maybe(0.3) else self.token() for _ in range(self.pick([0, 1, 2, 3, 5, 12, 40]))]
        return {"tokens": tokens, "policy": self.pick(POLICIES)}

    def piece(self):
        return {"id": self.token()}

    def byte_piece(self):
        return {"id": self.token(), "policy": self.pick(POLICIES)}

    def is_special(self):
        return {"token": self.pick([self.token(), self.pick(SPECIALS), self.text(1)])}

    def special_id(self):
        return {"token": self.pick([self.pick(SPECIALS), "<SPECIAL_%d>" % self.rng.randrange(1100), self.text(1)])}
