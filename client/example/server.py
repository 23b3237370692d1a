#!/usr/bin/env python3
"""A small asyncio HTTP server that tokenizes: through the sidecar, or with mistral_common on its own loop, to see what that does.

usage: server.py --port N (--sidecar URL | --library FILE)
GET /health    200, empty.
POST /tokenize a JSON object with `messages`; answers {"count": N}, or with `?ids` the ids as little-endian 32-bit integers.
"""

import argparse
import asyncio
import json

REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 503: "Service Unavailable"}


def through_sidecar(url):
    import sidetok

    client = sidetok.aio.Client(url, timeout=30)

    async def tokenize(messages):
        return await client.apply(messages)

    return tokenize


def with_library(file):
    from array import array

    from mistral_common.protocol.instruct.request import ChatCompletionRequest
    from mistral_common.tokens.tokenizers.mistral import MistralTokenizer

    tokenizer = MistralTokenizer.from_file(file)

    async def tokenize(messages):
        return array("I", tokenizer.encode_chat_completion(ChatCompletionRequest.from_openai(messages=messages)).tokens)

    return tokenize


async def answer(tokenize, method, target, body):
    """(status, content type, bytes)"""
    path, _, query = target.partition("?")
    if (method, path) == ("GET", "/health"):
        return 200, "text/plain", b""
    if (method, path) != ("POST", "/tokenize"):
        return 404, "text/plain", b""
    try:
        ids = await tokenize(json.loads(body)["messages"])
    except (ConnectionError, TimeoutError) as error:  # the sidecar is away, or late
        return 503, "text/plain", str(error).encode()
    except Exception as error:  # whatever the library raises for this request
        return 400, "text/plain", f"{type(error).__name__}: {error}".encode("utf-8", "replace")
    if query == "ids":
        return 200, "application/octet-stream", ids.tobytes()
    return 200, "application/json", b'{"count": %d}' % len(ids)


async def serve_connection(tokenize, reader, writer):
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, target, _ = head[0].split(" ", 2)
            fields = dict(line.lower().split(": ", 1) for line in head[1:] if ": " in line)
            body = await reader.readexactly(int(fields.get("content-length", 0)))
            status, kind, data = await answer(tokenize, method, target, body)
            writer.write(f"HTTP/1.1 {status} {REASONS[status]}\r\ncontent-type: {kind}\r\ncontent-length: {len(data)}\r\n\r\n".encode() + data)
            await writer.drain()
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, ValueError):
        pass  # the peer is done, or speaks something else
    finally:
        writer.close()


async def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--port", type=int, required=True)
    either = parser.add_mutually_exclusive_group(required=True)
    either.add_argument("--sidecar", metavar="URL")
    either.add_argument("--library", metavar="FILE")
    options = parser.parse_args()
    tokenize = through_sidecar(options.sidecar) if options.sidecar else with_library(options.library)
    server = await asyncio.start_server(lambda reader, writer: serve_connection(tokenize, reader, writer), "127.0.0.1", options.port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
