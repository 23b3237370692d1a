"""The tokenizer's file is replaced under load: every request is answered, by the old file or by the new one, never by something in between."""

import json
import os
import signal
import tempfile
import threading

from service import Daemon, run, wait_until
from small import controls, small_tekken, write_models

TEXT = "abc ab thé " * 200
AHEAD = 8  # requests of one client that are under way at a time


def other_tekken():
    """Neither a piece nor an id as in small_tekken(), but for single bytes: the vocabulary is bytes alone, behind ten more specials."""
    file = json.loads(small_tekken())
    n = len(controls()) + 10
    file["vocab"] = file["vocab"][:256]
    file["special_tokens"] += [{"rank": rank, "token_str": f"<other_{rank}>", "is_control": True} for rank in range(n - 10, n)]
    file["config"].update(default_vocab_size=256 + n, default_num_special_tokens=n)
    return json.dumps(file).encode()


class Asker(threading.Thread):
    """Asks without a pause, some requests ahead; whatever is not one of the answers ends it."""

    def __init__(self, daemon, answers):
        super().__init__()
        self.client, self.answers = daemon.client(), answers
        self.must_end, self.seen, self.problem = False, [0] * len(answers), None
        self.start()

    def run(self):
        try:
            sent = []
            while not self.must_end or sent:
                while len(sent) < AHEAD and not self.must_end:
                    sent.append(self.client.send("encode", {"text": TEXT}))
                number, reply = self.client.receive()
                assert number == sent.pop(0), "out of order"
                assert reply.code == 0, (reply.type, reply.message)
                self.seen[self.answers.index(reply.ids)] += 1
        except Exception as problem:
            self.problem = problem


def replace(file, content):
    """As a deployment does: the new file takes the place of the old one at once."""
    new = file.with_suffix(".new")
    new.write_bytes(content)
    os.rename(new, file)


def test_each_answer_is_the_old_files_or_the_new_ones_and_none_is_lost():
    with tempfile.TemporaryDirectory() as directory:
        file = write_models(directory)["tekken"]
        with Daemon(tokenizers={"m": file}) as daemon:
            check_answers(daemon, file, [small_tekken(), other_tekken()])


def answer_after(daemon, client, file, content, word):
    """What a request gets that is sent once the daemon has said how its reload ended."""
    before = sum(word in line for line in daemon.lines())
    replace(file, content)
    daemon.signal(signal.SIGHUP)
    wait_until(lambda: sum(word in line for line in daemon.lines()) > before)
    return client.ask("encode", {"text": TEXT}).ids


def check_answers(daemon, file, files):
    client = daemon.client()
    answers = [client.ask("encode", {"text": TEXT}).ids, answer_after(daemon, client, file, files[1], "reloaded")]
    assert answers[0] != answers[1]
    askers = [Asker(daemon, answers) for _ in range(4)]
    for round_number in range(30):
        which = round_number % 2
        assert answer_after(daemon, client, file, files[which], "reloaded") == answers[which]
        if round_number % 5 == 0:
            assert answer_after(daemon, client, file, files[which][:-2], "reload failed") == answers[which], "a broken file changes nothing"
    for asker in askers:
        asker.must_end = True
        asker.join()
        assert not asker.problem, asker.problem
    seen = [sum(asker.seen[which] for asker in askers) for which in range(2)]
    print(f"# {seen[0]} answers by one file, {seen[1]} by the other")
    assert min(seen) > 0
    assert client.ask("ping").value["requests"] == 0


run(globals())
