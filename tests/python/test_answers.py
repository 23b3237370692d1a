"""The answers are those of the command line, and errors are exceptions of the reference's names and texts."""

import asyncio
import json
from array import array

import pytest

import sidetok
from sidetok import exceptions

HELLO = {"messages": [{"role": "user", "content": "Hello"}]}


@pytest.fixture
def client(daemon):
    with sidetok.Client(daemon.url, timeout=30) as client:
        yield client


@pytest.mark.parametrize("name", ["v3", "tekken"])
def test_ids_are_those_of_the_command_line(daemon, client, name):
    text = "Hello, world! \u4f60\u597d \U0001f600"
    assert client.encode(text, tokenizer=name).tolist() == daemon.cli("encode", text, name)
    assert client.chat(HELLO, tokenizer=name).list() == daemon.cli("chat", json.dumps(HELLO), name)
    assert client.apply(HELLO["messages"], tokenizer=name).tolist() == daemon.cli("apply", json.dumps(HELLO), name)


def test_a_list_of_conversations_has_parts(client):
    longer = [{"role": "user", "content": "Hello Hello"}]
    body = {"messages": [HELLO["messages"], longer], "padding": True}
    alone = client.apply(longer, tokenizer="v3")
    parts = client.request("apply", body, tokenizer="v3").parts()
    assert parts == [array("I", [0] * (len(alone) - 4) + [1, 3, 23325, 4]), alone]
    assert client.chat(HELLO, tokenizer="v3").parts() == [array("I", [1, 3, 23325, 4])]
    with pytest.raises(TypeError, match="one conversation"):
        client.apply(body["messages"], tokenizer="v3")


def test_a_chat_of_v3_has_its_known_ids(client):
    assert client.chat(HELLO, tokenizer="v3").ids == array("I", [1, 3, 23325, 4])


def test_text_count_and_prefix_are_given_on_request(client):
    result = client.chat(HELLO, want=sidetok.IDS | sidetok.TEXT | sidetok.COUNT)
    assert (result.count, result.text) == (4, "<s>[INST]\u2581Hello[/INST]")
    assert client.chat(HELLO).text is None
    request = {"messages": [*HELLO["messages"], {"role": "assistant", "content": "Hi"}], "continue_final_message": True}
    result = client.chat(request, want=sidetok.IDS | sidetok.PREFIX_IDS)
    assert result.prefix_ids and result.ids[-len(result.prefix_ids):] == result.prefix_ids


def test_decoding_is_the_inverse_of_encoding(client):
    ids = client.encode("one two three")
    assert client.decode(ids) == client.decode(ids.tolist()) == "one two three"


def test_a_wrong_conversation_is_the_exception_of_the_reference(client):
    with pytest.raises(exceptions.InvalidMessageStructureException) as caught:
        client.chat({"messages": []})
    assert str(caught.value) == "Conversation must have at least one message"
    assert isinstance(caught.value, exceptions.MistralCommonException)


def test_a_validation_error_lists_its_errors(client):
    with pytest.raises(sidetok.ValidationError) as caught:
        client.chat({"messages": [{"role": "user", "content": [{"type": "text", "text": 5}]}]})
    assert isinstance(caught.value, ValueError)
    assert caught.value.errors() and isinstance(caught.value.errors()[0]["loc"], tuple)


@pytest.mark.parametrize("name", ["KeyError", "JSONDecodeError", "UnicodeDecodeError", "UnicodeEncodeError", "Error", "AssertionError",
                                  "LibsndfileError", "InvalidToolException", "OSError", "RecursionError"])
def test_every_exception_keeps_its_name_and_text(name):
    error = exceptions.reference_error(name, "what it said", [])
    assert (type(error).__name__, str(error)) == (name, "what it said")


def test_a_name_that_no_future_takes_is_told_as_another(run):
    """StopIteration, which only a hostile sidecar would send: a task that waits must end."""
    async def main():
        future = asyncio.get_running_loop().create_future()
        future.set_exception(exceptions.reference_error("StopIteration", "x", []))
        with pytest.raises(RuntimeError, match="StopIteration: x"):
            await future

    run(main())


@pytest.mark.parametrize("parameters", [{"maximum": 2**70}, {"x": {1: "a", 2.5: "b", None: "c", True: "d"}}])
def test_what_msgpack_cannot_carry_goes_as_json(client, parameters):
    def request(parameters):
        function = {"name": "f", "description": "", "parameters": {"type": "object", **parameters}}
        return dict(HELLO, tools=[{"type": "function", "function": function}])

    result = client.chat(request(parameters), want=sidetok.IDS | sidetok.TEXT)
    assert result.ids == client.chat(json.loads(json.dumps(request(parameters)))).ids
    assert ("1180591620717411303424" if "maximum" in parameters else '"null"') in result.text.replace("\u2581", "")


def test_lone_surrogates_pass(client):
    assert client.encode("a\ud800b", tokenizer="tekken").tolist() == client.encode("a\ufffdb", tokenizer="tekken").tolist()


def test_service_errors_say_what_is_wrong(client):
    with pytest.raises(exceptions.UnknownTokenizer) as caught:
        client.encode("x", tokenizer="nobody")
    assert isinstance(caught.value, sidetok.ServiceError) and caught.value.word == "unknown_tokenizer"


def test_the_drop_in_wraps_errors_as_vllm_does(daemon, monkeypatch):
    monkeypatch.setenv("SIDETOK_URL", daemon.url)
    assert sidetok.apply_mistral_chat_template("v3", HELLO["messages"]) == [1, 3, 23325, 4]
    with pytest.raises(ValueError) as caught:
        sidetok.apply_mistral_chat_template("v3", [{"role": "system", "content": "x"}, {"role": "tool", "content": "y"}])
    assert type(caught.value) is ValueError and isinstance(caught.value.__cause__, Exception)


def test_a_tokenizer_is_named_by_the_digest_of_its_file(client):
    digest = client.info(tokenizer="tekken")["sha256"].hex()
    assert client.encode("Hello", tokenizer=f"sha256:{digest}") == client.encode("Hello", tokenizer="tekken")
    for other in (digest[:-1], digest.upper(), "0" * 64):
        with pytest.raises(exceptions.UnknownTokenizer):
            client.encode("Hello", tokenizer=f"sha256:{other}")


def test_what_is_no_plain_data_is_told_before_it_is_sent(client):
    client.ping()  # a client that leaves during the handshake makes an old nng's listener deaf for a second
    with pytest.raises(TypeError, match="serialize"):
        client.chat({"messages": iter(())})
