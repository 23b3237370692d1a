"""Long replies of vLLM's render routes: the bytes of JSONResponse, in pieces."""

import asyncio
import json

import pytest

from sidetok import vllm_reply

MANY = list(range(3 * vllm_reply.AT_ONCE + 5))


def plain(content):
    return json.dumps(content, ensure_ascii=False, allow_nan=False, indent=None, separators=(",", ":")).encode("utf-8")


@pytest.mark.parametrize("content", [
    {"request_id": 'a"token_ids":[]', "token_ids": MANY, "more": {"token_ids": []}},
    {"request_id": "é", "token_ids": [5], "x": 1.5},
    [{"request_id": "a", "token_ids": MANY}, {"request_id": "b", "token_ids": [1]}, {"request_id": "c", "token_ids": MANY[::-1], "x": None}],
    {"error": {"message": "x"}},
    [],
], ids=["long", "short", "several", "error", "none"])
def test_the_bytes_are_those_of_one_dump(content):
    assert asyncio.run(vllm_reply.dump(content)) == plain(content)


def test_the_loop_has_a_turn_after_each_piece():
    turns = []

    async def count():
        while True:
            turns.append(None)
            await asyncio.sleep(0)

    async def main():
        counter = asyncio.ensure_future(count())
        await vllm_reply.dump({"request_id": "a", "token_ids": MANY})
        counter.cancel()

    asyncio.run(main())
    assert len(turns) >= len(MANY) // vllm_reply.AT_ONCE


def test_without_the_routes_nothing_is_put_anywhere(monkeypatch):
    for name in ("api_router", "serving"):
        monkeypatch.setitem(vllm_reply.sys.modules, vllm_reply.ROUTES + name, None)
    assert not vllm_reply.lighten()
    assert vllm_reply.note(MANY) is MANY
