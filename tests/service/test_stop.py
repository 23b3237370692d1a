"""Stopping, dying, reloading."""

import os
import shutil
import signal
import socket
import tempfile
import threading
from pathlib import Path

from service import PATIENCE, SPM, TEKKEN, BusyDaemon, Daemon, run, slow_request, text_request, wait_until


LONG_DRAIN = ("--drain-seconds", "100000")  # the default is too short for a machine that others load


def test_sigterm_answers_what_waits_and_refuses_what_comes():
    with BusyDaemon(*LONG_DRAIN) as daemon:
        client = daemon.client
        sent = [daemon.long] + [client.send("encode", text_request(100)) for _ in range(20)]
        wait_until(lambda: daemon.waiting() == 20)
        daemon.signal(signal.SIGTERM)
        daemon.wait_for_log("stopping")
        late = client.send("encode", text_request(100))
        got, reply = client.receive()
        assert got == late and reply.type == "shutting_down"
        replies = [client.receive() for _ in sent]
        assert [got for got, _ in replies] == sent and all(reply.code == 0 for _, reply in replies)
        assert daemon.process.wait(PATIENCE) == 0
        assert not Path(daemon.path).exists(), "the socket is left behind"


def test_a_second_signal_ends_at_once():
    with BusyDaemon(*LONG_DRAIN) as daemon:
        for _ in range(20):
            daemon.client.send("chat", slow_request(), want=4)
        wait_until(lambda: daemon.waiting() > 5)
        daemon.signal(signal.SIGTERM)
        daemon.wait_for_log("stopping")
        daemon.signal(signal.SIGTERM)
        assert daemon.process.wait(PATIENCE) == 0
        assert any("unanswered" in line for line in daemon.lines())


def test_who_asks_again_and_again_does_not_hold_up_the_end():
    with Daemon() as daemon:
        def ask(op):
            client = daemon.client()
            try:
                while True:
                    client.ask(op, text_request(10) if op == "encode" else None)
            except (OSError, EOFError):  # the daemon is gone
                pass

        for op in ("ping", "encode"):
            threading.Thread(target=ask, args=(op,), daemon=True).start()
        client = daemon.client()
        wait_until(lambda: client.ask("ping").value["answered"] > 0)
        assert daemon.stop() == 0


def test_what_has_taken_the_place_of_the_socket_stays_there():
    with Daemon() as daemon:
        client = daemon.client()
        os.rename(daemon.path, daemon.path + ".aside")
        Path(daemon.path).write_text("another's")
        assert client.ask("ping").code == 0
        assert daemon.stop() == 0
        assert Path(daemon.path).read_text() == "another's"


def test_the_socket_of_a_killed_daemon_is_replaced():
    with tempfile.TemporaryDirectory() as directory:
        with Daemon(directory=directory) as first:
            first.kill()
            assert Path(first.path).exists()
        with Daemon(directory=directory) as second:
            assert second.client().ask("ping").value["ready"]


def test_sighup_loads_the_tokenizers_anew():
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "tekken.json"
        shutil.copy(TEKKEN, file)
        with Daemon(tokenizers={"t": directory}) as daemon:
            client = daemon.client()
            before = client.ask("info").value
            assert before["kind"] == "tekken"
            sent = [client.send("encode", text_request(1 << 20)) for _ in range(5)]
            os.truncate(file, 1000)
            daemon.signal(signal.SIGHUP)
            daemon.wait_for_log("reload failed")
            assert [client.receive()[0] for _ in sent] == sent
            assert client.ask("info").value == before, "a file that does not load must change nothing"
            file.unlink()
            shutil.copy(SPM, Path(directory) / "tokenizer.model.v3")
            daemon.signal(signal.SIGHUP)
            wait_until(lambda: client.ask("info").value["kind"] == "sentencepiece")
            assert client.ask("encode", text_request(100)).code == 0


def test_the_service_manager_is_told():
    with tempfile.TemporaryDirectory() as directory:
        path = directory + "/notify"
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        manager.bind(path)
        manager.settimeout(PATIENCE)
        with Daemon(environment={"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "300000"}) as daemon:
            told = []

            def hear(word):
                while not any(word in text for text in told):
                    told.append(manager.recv(4096).decode())

            hear("READY=1")
            hear("STATUS=serving")
            hear("WATCHDOG=1")
            daemon.signal(signal.SIGHUP)
            hear("RELOADING=1\nMONOTONIC_USEC=")
            told.clear()
            hear("READY=1")
            daemon.signal(signal.SIGTERM)
            hear("STOPPING=1\nEXTEND_TIMEOUT_USEC=35000000")
            assert daemon.process.wait(PATIENCE) == 0


run(globals())
