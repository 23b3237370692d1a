"""The plug-in in vLLM's own renderer: the same prompts and errors as without it, and a clear word where the sidecar is not the right one."""

import asyncio
import functools
import logging
import pathlib
import types

import pytest

from sidetok import vllm as plugin
from sidetok import vllm_reply

try:
    from vllm import exceptions as vllm_exceptions
    from vllm.renderers import mistral
    from vllm.renderers.params import ChatParams, TokenizeParams
    from vllm.tokenizers.mistral import MistralTokenizer
except ImportError as missing:
    pytest.skip(f"vLLM is not installed here ({missing}); docs/vllm.md says how to run these tests with it", allow_module_level=True)

from conftest import MODELS, TOKENIZERS

CHATS = {
    "hello": [{"role": "user", "content": "Hello"}],
    "parts": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}],
    "call": [
        {"role": "user", "content": "2+2?"},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "abcdefghi", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}]},
        {"role": "tool", "tool_call_id": "abcdefghi", "content": "4"},
    ],
    "last": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}],
    "order": [{"role": "user", "content": "x"}, {"role": "user", "content": "y"}, {"role": "tool", "tool_call_id": "abcdefghi", "content": "4"}],
    "id": [
        {"role": "user", "content": "x"},
        {"role": "assistant", "tool_calls": [{"id": "a b", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "a b", "content": "4"},
    ],
    "picture": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]}],
    "surrogate": [{"role": "user", "content": "a\ud800b"}],
    "iterator": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y", "tool_calls": iter(())}, {"role": "user", "content": "z"}],
}
TOOLS = [{"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object", "properties": {"a": {"type": "integer"}}}}}]


@functools.lru_cache
def tokenizer_of(folder):
    return MistralTokenizer.from_pretrained(str(folder))


@pytest.fixture(params=["v3", "tekken"], scope="session")
def folder(request, tmp_path_factory):
    """A model's folder with the tokenizer's file in it."""
    file = pathlib.Path(TOKENIZERS[request.param])
    made = tmp_path_factory.mktemp("model")
    (made / ("tekken.json" if file.suffix == ".json" else "tokenizer.model.v3")).write_bytes((MODELS / file).read_bytes())
    return made


@pytest.fixture
def plugged(daemon, monkeypatch):
    """The plug-in registered as vLLM registers it, and taken out again."""
    monkeypatch.setenv("SIDETOK_URL", daemon.url)
    begin = mistral.MistralRenderer.__init__
    plugin.register()
    plugin.register()
    yield
    mistral.MistralRenderer.__init__ = begin
    if hasattr(mistral.MistralRenderer, "sidetok"):
        del mistral.MistralRenderer.sidetok


def renderer(folder):
    model = types.SimpleNamespace(renderer_num_workers=1, supports_multimodal_inputs=False, multimodal_config=None, is_multimodal_model=False,
                                  enable_prompt_embeds=False, hf_config=types.SimpleNamespace(model_type="mistral"), allowed_local_media_path="")
    config = types.SimpleNamespace(model_config=model, parallel_config=types.SimpleNamespace(_api_process_rank=0))
    return mistral.MistralRenderer(config, tokenizer_of(folder))


def library_template(tokenizer, messages, kwargs):
    try:
        return mistral.safe_apply_chat_template(tokenizer, messages, **kwargs)
    except ValueError as error:
        return f"ValueError: {error}"


async def plugged_template(render, messages, kwargs):
    try:
        return await render._apply_chat_template_async(render.tokenizer, messages, **kwargs)
    except ValueError as error:
        assert type(error) is ValueError
        return f"ValueError: {error}"


@pytest.mark.parametrize("name", CHATS)
@pytest.mark.parametrize("kwargs", [
    {"add_generation_prompt": True}, {"continue_final_message": True}, {"tools": TOOLS}, {"add_generation_prompt": True, "continue_final_message": True},
    {"tokenize": False}, {"truncation": True, "max_length": 3}, {"truncation": 1}, {"reasoning_effort": "high", "chat_template": None, "return_dict": False},
], ids=lambda kwargs: "-".join(kwargs))
def test_a_chat_ends_as_without_the_plug_in(folder, plugged, name, kwargs):
    render = renderer(folder)
    expected = library_template(render.tokenizer, CHATS[name], kwargs)
    assert asyncio.run(plugged_template(render, CHATS[name], kwargs)) == expected


def test_the_sidecar_answers_not_the_library(folder, plugged, monkeypatch):
    render = renderer(folder)
    monkeypatch.setattr(render.sidetok, "_library_chat", None)
    monkeypatch.setattr(render.sidetok, "_library_prompt", None)
    conversation, prompt = asyncio.run(render.render_messages_async(CHATS["hello"], ChatParams(chat_template_kwargs={"add_generation_prompt": True})))
    assert conversation[0]["content"] == "Hello"
    assert prompt["prompt_token_ids"] == library_template(render.tokenizer, CHATS["hello"], {})
    assert type(prompt["prompt_token_ids"]) is list


@pytest.mark.parametrize("text", ["", "Hello", " x\n" * 3000, "<s>[INST]"])
@pytest.mark.parametrize("cut", [{}, {"truncate_prompt_tokens": 5}, {"truncate_prompt_tokens": 5, "truncation_side": "right"}, {"add_special_tokens": False}])
def test_a_prompt_is_encoded_as_without_the_plug_in(folder, plugged, text, cut):
    render = renderer(folder)
    params = TokenizeParams(max_total_tokens=100_000, **cut)
    expected = render._tokenize_singleton_prompt({"prompt": text}, params)
    assert asyncio.run(render._tokenize_singleton_prompt_async({"prompt": text}, params)) == expected


def test_without_the_variable_nothing_changes(folder, daemon, monkeypatch):
    monkeypatch.delenv("SIDETOK_URL", raising=False)
    begin = mistral.MistralRenderer.__init__
    plugin.register()
    assert mistral.MistralRenderer.__init__ is begin


def test_a_sidecar_with_another_file_is_refused(plugged, tmp_path):
    (tmp_path / "tokenizer.model.v2").write_bytes((MODELS / "mistral_instruct_tokenizer_240216.model.v2").read_bytes())
    with pytest.raises(RuntimeError, match=r"does not serve .*sha256:[0-9a-f]{64}.*it serves v3 \(sha256:"):
        renderer(tmp_path)


def test_a_sidecar_that_is_away_stops_the_start(folder, plugged, monkeypatch, tmp_path):
    monkeypatch.setenv("SIDETOK_URL", f"ipc://{tmp_path}/nobody")
    monkeypatch.setattr(plugin, "START_SECONDS", 0.05)
    with pytest.raises(RuntimeError, match="nobody does not answer: no sidecar is connected"):
        renderer(folder)


def test_a_fallback_must_be_known(monkeypatch):
    monkeypatch.setenv("SIDETOK_URL", "ipc:///nobody")
    monkeypatch.setenv("SIDETOK_FALLBACK", "perhaps")
    with pytest.raises(ValueError, match="'perhaps', but can be fail or library"):
        plugin.register()


def test_a_lost_sidecar_is_a_retryable_error(folder, own_daemon, plugged, monkeypatch):
    monkeypatch.setenv("SIDETOK_URL", own_daemon.url)
    monkeypatch.setenv("SIDETOK_TIMEOUT", "0.2")
    render = renderer(folder)
    own_daemon.kill()
    with pytest.raises(vllm_exceptions.RetryableRequestError, match="sidecar did not answer"):
        asyncio.run(plugged_template(render, CHATS["hello"], {}))


def test_a_lost_sidecar_is_replaced_by_the_library(folder, own_daemon, plugged, monkeypatch, caplog):
    monkeypatch.setenv("SIDETOK_URL", own_daemon.url)
    monkeypatch.setenv("SIDETOK_TIMEOUT", "0.2")
    monkeypatch.setenv("SIDETOK_FALLBACK", "library")
    monkeypatch.setattr(logging.getLogger("vllm"), "propagate", True)
    render = renderer(folder)
    expected = library_template(render.tokenizer, CHATS["hello"], {})

    async def main():
        own_daemon.kill()
        away = [await plugged_template(render, CHATS["hello"], {}) for _ in range(2)]
        own_daemon.start()
        monkeypatch.setenv("SIDETOK_TIMEOUT", "30")
        return [*away, await plugged_template(render, CHATS["hello"], {})]

    assert asyncio.run(main()) == [expected] * 3
    assert caplog.text.count("sidetok does not answer, mistral_common answers on a thread") == 1


def test_what_names_this_machine_stays_with_the_library():
    def chat(part):
        return [{"role": "user", "content": [part]}]

    assert plugin.needs_library(chat({"type": "image_url", "image_url": {"url": "http://a.example/b.png"}}))
    assert plugin.needs_library(chat({"type": "image_url", "image_url": "file:///etc/passwd"}))
    assert plugin.needs_library(chat({"type": "image", "path": "x.png"}))
    assert not plugin.needs_library(chat({"type": "image_url", "image_url": {"url": "data:image/png;base64,"}}))
    assert not plugin.needs_library([*chat({"type": "text", "text": "x"}), *CHATS["call"], "not a message"])




def test_a_long_rendered_request_is_dumped_as_vllm_s_own(monkeypatch):
    """vLLM's classes and ours in their place, with ids that the sidecar gave and with others."""
    from fastapi.responses import JSONResponse
    from vllm.entrypoints.scale_out.token_in_token_out.protocol import GenerateRequest
    from vllm.sampling_params import SamplingParams

    ids = [i % 131072 for i in range(3 * vllm_reply.AT_ONCE)]
    rendered, piecewise = vllm_reply.rendered_class(GenerateRequest), vllm_reply.response_class(JSONResponse)
    sent = []

    async def send(message):
        sent.append(message)

    async def reply(known, ids):
        vllm_reply._answered.set([known])
        made = rendered(request_id="a", token_ids=list(ids), sampling_params=SamplingParams(max_tokens=5))
        await piecewise(content=made.model_dump())({"type": "http"}, None, send)
        return made

    expected = GenerateRequest(request_id="a", token_ids=ids, sampling_params=SamplingParams(max_tokens=5))
    body = JSONResponse(content=expected.model_dump())
    for known in (ids, None, ids[1:]):
        sent.clear()
        made = asyncio.run(reply(known, ids))
        assert made.token_ids == ids and made.model_dump() == expected.model_dump() and isinstance(made, GenerateRequest)
        assert b"".join(message.get("body", b"") for message in sent) == body.body
        assert sorted(sent[0]["headers"]) == sorted(body.raw_headers)
    with pytest.raises(ValueError, match="negative"):
        asyncio.run(reply(ids, [-1, *ids]))
