"""What the daemon keeps resident: little, bounded, and given back after a huge request."""

import random
import string

from service import SPM, TEKKEN, Daemon, is_sanitized, run, text_request, wait_until

MEGABYTE = 1 << 20
CACHE_BYTES = 16 * MEGABYTE  # the default of --cache-bytes
NOISE = 32 * MEGABYTE  # what malloc, nng and one request of a megabyte may hold on to
PLAIN = {"MALLOC_PERTURB_": "0"}  # meson has malloc fill all that it hands out, room that is never used included


def resident(daemon):
    with open(f"/proc/{daemon.process.pid}/statm") as file:
        return int(file.read().split()[1]) * 4096


def settles_below(daemon, bound):
    """nng gives a reply's memory back when it has left, a moment after the client has it."""
    wait_until(lambda: resident(daemon) < bound)


def test_one_tekken_tokenizer_is_resident_in_120_megabytes():
    with Daemon(environment=PLAIN, tokenizers={"t": TEKKEN}) as daemon:
        assert daemon.client().ask("encode", text_request(MEGABYTE), want=4).code == 0
        if not is_sanitized():
            assert resident(daemon) < 120 * MEGABYTE, resident(daemon)


def test_a_huge_request_gives_its_memory_back():
    for model in (SPM, TEKKEN):
        for text in ("some words ", "a"):
            with Daemon("--queue-bytes", "256M", environment=PLAIN, tokenizers={"t": model}) as daemon:
                client = daemon.client()
                assert client.ask("encode", text_request(MEGABYTE), want=4).code == 0
                before = resident(daemon)
                assert client.ask("encode", text_request(100 * MEGABYTE if text != "a" else 20 * MEGABYTE, text), want=1).code == 0
                if not is_sanitized():
                    settles_below(daemon, before + NOISE)


def test_many_requests_that_waited_give_their_memory_back():
    with Daemon("--queue-bytes", "256M", environment=PLAIN) as daemon:
        client = daemon.client()
        assert client.ask("encode", text_request(MEGABYTE), want=4).code == 0
        before = resident(daemon)
        sent = [client.send("encode", text_request(MEGABYTE), want=1) for _ in range(60)]
        assert [client.receive()[0] for _ in sent] == sent
        if not is_sanitized():
            settles_below(daemon, before + 8 * MEGABYTE)  # of 114 MB; 0 to 3 stay, and 30 to 60 where malloc is not told to give back


def test_text_made_to_be_remembered_does_not_grow_the_caches():
    """40 MB of words of which no two are alike: each is learned, and makes room for the next."""
    letters = random.Random(7)
    for model in (SPM, TEKKEN):
        with Daemon(environment=PLAIN, tokenizers={"t": model}) as daemon:
            client = daemon.client()
            assert client.ask("encode", text_request(MEGABYTE), want=4).code == 0
            before = resident(daemon)
            for _ in range(40):
                words = " ".join(bytes(letters.choices(string.ascii_lowercase.encode(), k=9)).decode() for _ in range(20_000))
                reply = client.ask("encode", {"text": words * 5, "bos": False, "eos": False}, want=4)
                assert reply.code == 0
            if not is_sanitized():
                assert resident(daemon) < before + CACHE_BYTES + NOISE, (before, resident(daemon))


run(globals())
