"""Structure-aware damage: small changes anywhere in a request, and odd spellings of its JSON."""

import functools
import json

JUNK = [
    None, True, False, 0, 1, -1, 2, 12, 1.0, 0.0, 2.0, 1.5, -0.5, float("nan"), float("inf"), float("-inf"), 10**30, -(10**30), 2**63, -(2**63),
    2**63 - 1, 1e300, "", " ", "a", "user", "system", "assistant", "tool", "developer", "text", "thinking", "image_url", "function", "json_schema",
    "auto", "high", "none", "yes", "On", "f", "0", "1", "12", "12.0", " 7 ", "1_0", "0.5", "1e-3", "nan", "-1", "+3", "\ud800", "x\udfff'", "\x00", "é'\"\n",
    "0123456789" * 8, "日本語" * 20, "'" * 30 + '"' * 30, "data:,", "data:image/png;base64,AAAA", "http://sidetok.invalid/x.png", "\u2003", "\x1c",
    [], {}, [[]], [{}], [None], {"": None}, {"a": 1}, {"type": "text", "text": "x"}, {"type": "text"}, {"url": "u", "x.y": 1}, {"data": ""}, {"data": None},
    ["a", 1], [["name", "f"], ["parameters", {}]], ["ab"], [["a", 1], 5], {"role": "user", "content": "x"}, {"name": "f"}, {"function": {"name": "g"}},
    "(", "^a+$", "[a-", "\\d", "\\N{EM DASH}", "\\N{em dash}+", "\\N{NO SUCH}", "[\\N{DIGIT NINE}-a]", "[a-\\N{HANGUL SYLLABLE GAG}]", "\\N{LF}", "\\N{", "object", "string", ["string", "null"], ["string", "string"], {"type": "nope"}, {"type": "string", "minLength": -1}, 2.0, ["a", "a"],
    {"a": {"type": "x"}, "b": {"type": "y"}}, {"$ref": "#/definitions/a"}, "#/definitions/a", [True, 1], [1, 1.0],
    {"$bytes": "aGk="}, {"$bytes": "/8A="}, {"$bytes": ""}, -0.0, "2026-11-21", "file:///no/such", "/no/such", "\udc80", 1e16, 4300 * "9",
    [1, 2.5, "x", None], {"k": [1, {"z": "é"}], "'": '"'}, {"type": "nope"}, "x" * 60,
]
KEYS = [
    "role", "content", "tool_calls", "tool_call_id", "name", "id", "type", "function", "arguments", "description", "parameters", "strict", "text",
    "thinking", "closed", "image_url", "url", "detail", "audio_url", "input_audio", "data", "format", "reasoning", "reasoning_content", "prefix", "tools",
    "messages", "continue_final_message", "model", "temperature", "top_p", "max_tokens", "seed", "random_seed", "response_format", "json_schema",
    "schema", "custom_schema", "tool_choice", "parallel_tool_calls", "truncate_for_context_length", "reasoning_effort", "cls", "self", "extra", "a.b",
    "prompt", "suffix", "properties", "required", "items", "enum", "pattern", "minLength", "minimum", "multipleOf", "additionalProperties", "anyOf",
    "oneOf", "not", "if", "definitions", "dependencies", "patternProperties", "propertyNames", "uniqueItems", "const", "default", "format", "$ref",
    "$schema", "$id", "$comment", "examples", "readOnly", "contains", "then", "else", "allOf", "additionalItems", "minItems", "maxItems",
    "exclusiveMinimum", "contentEncoding", "conversation", "tokenize", "padding", "truncation", "max_length", "return_tensors", "return_dict", "add_generation_prompt",
    "documents", "chat_template", "audio", "input", "voice", "ref_audio", "language", "streaming", "target_streaming_delay_ms", "strict_audio_validation", "min_tokens", "stop", "n", "stream",
    "base64", "path", "weight", "index", "signature", "cache_control", "frequency_penalty", "presence_penalty", "metadata", "message", "", "\ud800", "é", "a\x00", "a\n",
]


def walk(value, path=()):
    """Every path below value, its own (empty) one left out."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield path + (key,)
        yield from walk(child, path + (key,))


def get(value, path):
    for key in path:
        value = value[key]
    return value


class Breaker:
    def __init__(self, rng):
        self.rng = rng

    def path(self, value):
        """A random descent, so that shallow places are as likely as the many deep ones."""
        path = ()
        while isinstance(value, (dict, list)) and value:
            key = self.rng.choice(list(value)) if isinstance(value, dict) else self.rng.randrange(len(value))
            path, value = path + (key,), value[key]
            if self.rng.random() < (0.12 if len(path) == 1 else 0.25):
                break
        return path

    def change(self, request):
        """request with one more fault; it is changed in place."""
        path = self.path(request)
        if not path:
            return request
        parent, key = get(request, path[:-1]), path[-1]
        action = self.rng.choice([self.replace, self.replace, self.replace, self.remove, self.remove, self.add, self.rename, self.respell, self.respell,
                                  self.copy_of(request), self.order, self.wrap])
        action(parent, key)
        return request

    def junk(self):
        return json.loads(json.dumps(self.rng.choice(JUNK)))

    def replace(self, parent, key):
        parent[key] = self.junk()

    def remove(self, parent, key):
        del parent[key]

    def add(self, parent, key):
        if isinstance(parent, list):
            parent.insert(self.rng.randrange(len(parent) + 1), self.junk())
        else:
            parent[self.rng.choice(KEYS)] = self.junk()

    def rename(self, parent, key):
        if isinstance(parent, dict):
            parent[self.rng.choice(KEYS)] = parent.pop(key)
        else:
            parent.append(parent[key])

    def order(self, parent, key):
        if isinstance(parent, list):
            self.rng.shuffle(parent)
        else:
            parent[key] = parent.pop(key)

    def wrap(self, parent, key):
        value = parent[key]
        parent[key] = value[0] if isinstance(value, list) and value else [value]

    def copy_of(self, request):
        def put(parent, key):
            parent[key] = json.loads(json.dumps(get(request, self.path(request))))

        return put

    def respell(self, parent, key):
        """The same thing in another type, or a string with a small change."""
        value = parent[key]
        if isinstance(value, str):
            at = self.rng.randrange(len(value) + 1)
            parent[key] = self.rng.choice([
                value.upper(), value + "\n", " " + value, value[:at], value[:at] + self.rng.choice(["é", "\x00", "-", " ", "\ud800", "'", "9"]) + value[at:],
                value * 2, list(value[:5]), json.dumps(value), value[-9:],
            ])
        elif isinstance(value, bool) or value is None:
            parent[key] = str(value).lower()
        elif isinstance(value, (int, float)):
            parent[key] = self.rng.choice([str(value), -value, value + 0.5, value * 10**20 if abs(value) < 1e9 else value, bool(value), float(value) if abs(value) < 1e300 else value])
        elif isinstance(value, dict):
            parent[key] = self.rng.choice([json.dumps(value), [list(pair) for pair in value.items()], list(value), list(value.values())])
        else:
            parent[key] = self.rng.choice([json.dumps(value), value * 2, dict(enumerate_as_text(value)), value[:1]])


def enumerate_as_text(values):
    return ((str(i), value) for i, value in enumerate(values))


PART = 256  # characters


@functools.cache
def spelled(c, ensure_ascii):
    return json.dumps(c, ensure_ascii=ensure_ascii)[1:-1]


class Speller:
    """JSON text of a value with repeated keys, odd white space, escapes and numbers."""

    def __init__(self, rng):
        self.rng = rng

    def space(self):
        return self.rng.choice(["", "", "", " ", "\n", "\t\r"])

    def character(self, c):
        if self.rng.random() < 0.1 and ord(c) < 0x10000:
            return self.rng.choice(["\\u%04x", "\\u%04X"]) % ord(c)
        if c == "/" and self.rng.random() < 0.3:
            return "\\/"
        return spelled(c, self.rng.random() < 0.5 or 0xD800 <= ord(c) < 0xE000)

    def text(self, value):
        """Character by character; of a long text some parts, so that images do not take most of the time."""
        out = [self.character(c) for c in value[:PART]]
        for start in range(PART, len(value), PART):
            part = value[start : start + PART]
            out.append("".join(map(self.character, part)) if self.rng.random() < 0.1 else json.dumps(part)[1:-1])
        return '"' + "".join(out) + '"'

    def number(self, value):
        if isinstance(value, int) and self.rng.random() < 0.1:
            return self.rng.choice(["%d.0", "%de0", "%d.00E+0", "%de400", "-0", "-0.0", "%dE-5", "%d.10"]).replace("%d", str(value))
        return json.dumps(value)

    def members(self, value):
        out = list(value.items())
        if out and self.rng.random() < 0.1:  # the last of equal keys wins
            out.insert(self.rng.randrange(len(out)), (self.rng.choice(out)[0], self.rng.choice([None, 1, "x", {}])))
        return out

    def spell(self, value):
        if isinstance(value, dict):
            parts = [self.space() + self.text(k) + self.space() + ":" + self.space() + self.spell(v) + self.space() for k, v in self.members(value)]
            return "{" + ",".join(parts) + self.space() + "}"
        if isinstance(value, list):
            return "[" + ",".join(self.space() + self.spell(v) + self.space() for v in value) + self.space() + "]"
        if isinstance(value, str):
            return self.text(value)
        return json.dumps(value) if value is None or isinstance(value, bool) else self.number(value)
