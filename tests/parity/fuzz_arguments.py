"""Live differential fuzz of JSON inside requests: odd JSON as arguments, tool results, tool parameters and the request itself.

usage: fuzz_arguments.py, with the options of fuzz_requests.py

The JSON comes from fuzz_json.py: every spelling of numbers, strings and containers, and broken text. Requests are whole otherwise.
"""

import json
import random
import sys

import fuzz_requests
from fuzz_json import Maker

ID = "abcdefghi"


class ArgumentFuzz(fuzz_requests.Fuzz):
    def make_case(self, number):
        rng = random.Random(f"{self.options.seed}/{number}")
        maker = Maker(f"{self.options.seed}/{number}")
        text = lambda: json.dumps(maker.text(), ensure_ascii=rng.random() < 0.5)
        value = lambda: maker.value(3) if rng.random() < 0.95 else maker.broken(maker.value(4))
        calls = ", ".join(
            f'{{"id": "{ID[:-1]}{i}", "type": "function", "function": {{"name": "f", "arguments": {value() if rng.random() < 0.15 else text()}}}}}'
            for i in range(rng.choice([1, 1, 2]))
        )
        results = ", ".join(f'{{"role": "tool", "tool_call_id": "{ID[:-1]}{i}", "content": {text()}}}' for i in range(calls.count('"id"')))
        keyword = rng.choice(["default", "enum", "const", "examples", "x", "minimum"])
        schema = f'{{"type": "object", "properties": {{{maker.spelled_string()}: {{"{keyword}": {value()}}}}}}}' if rng.random() < 0.5 else '{}'
        tools = f', "tools": [{{"type": "function", "function": {{"name": "f", "parameters": {schema}}}}}]'
        body = f'{{"messages": [{{"role": "user", "content": {maker.spelled_string()}}}, {{"role": "assistant", "tool_calls": [{calls}]}}, {results}]{tools}}}'
        body = json.loads(json.dumps(body))  # a record is JSON, in which two surrogate escapes are one character
        try:
            json.loads(body)
        except ValueError:  # what breaks the request itself is the server's affair
            return self.make_case(f"{number}+")
        name = rng.choice(self.tokenizers)[0]
        return {"id": f"{self.options.seed}/{number}", "tokenizer": name, "op": "chat", "request_json": body}


if __name__ == "__main__":
    fuzz_requests.Fuzz = ArgumentFuzz
    sys.exit(fuzz_requests.main())
