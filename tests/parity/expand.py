"""Generated values of the recorded cases: {"$repeat": ["a", 1000]} stands for a thousand letters. See README.md there."""

import base64
import copy

SURROGATES = range(0xD800, 0xE000)


def repeat(text, n):
    return expand(text) * n


def concat(*parts):
    return "".join(expand(part) for part in parts)


def join(separator, template, n):
    return separator.join(template.replace("%d", str(i)) for i in range(n))


def row(first, n, before, after):
    return "".join(before + chr(c) + after for c in range(first, first + n) if c not in SURROGATES)


def messages(templates, n):
    out = []
    for i in range(n):
        for message in copy.deepcopy(templates):
            if isinstance(message.get("content"), str):
                message["content"] = message["content"].replace("%d", str(i))
            out.append(message)
    return out


LISTED = {"$repeat": repeat, "$concat": concat, "$join": join, "$row": row, "$messages": messages}


def raw_bytes(value):
    """Raw bytes have no JSON form: a batch record spells them {"$bytes": base64}, as the cases do."""
    return {"$bytes": base64.b64encode(base64.b64decode(expand(value))).decode()}


def carried(value):
    """Whether msgpack carries value, which a record with raw bytes needs: no integer beyond 64 bits, no "$bytes" that is no base64."""
    if isinstance(value, list):
        return all(map(carried, value))
    if isinstance(value, dict):
        return all(map(carried, value.values()))
    return not isinstance(value, int) or -(2**63) <= value < 2**63


def with_bytes(value):
    """value with {"$bytes": base64} as the bytes themselves."""
    if isinstance(value, list):
        return [with_bytes(item) for item in value]
    if not isinstance(value, dict):
        return value
    if list(value) == ["$bytes"] and isinstance(value["$bytes"], str):
        return base64.b64decode(value["$bytes"])
    return {name: with_bytes(item) for name, item in value.items()}


def expand(value):
    """value with every generator object, at any depth, replaced by what it stands for."""
    if isinstance(value, list):
        return [expand(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        (name, argument), = value.items()
        if name in LISTED:
            return LISTED[name](*argument)
        if name == "$bytes":
            return raw_bytes(argument)
    return {name: expand(item) for name, item in value.items()}
