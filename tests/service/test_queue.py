"""The queue is bounded, and forgets what nobody waits for any more."""

from service import BusyDaemon, Daemon, run, text_request, wait_until

SMALL = text_request(10)


def test_requests_beyond_the_bound_are_busy():
    with BusyDaemon("--queue-requests", "2") as daemon:
        client = daemon.client
        waiting = [client.send("encode", SMALL) for _ in range(2)]
        extra = client.send("encode", SMALL)
        got, reply = client.receive()
        assert got == extra and reply.type == "busy", "the third request had to be refused at once"
        replies = [client.receive() for _ in range(3)]
        assert [got for got, _ in replies] == [daemon.long, *waiting]
        assert all(reply.code == 0 for _, reply in replies)


def test_bytes_beyond_the_bound_are_busy():
    with BusyDaemon("--queue-bytes", "8M") as daemon:
        client = daemon.client
        waiting = client.send("encode", text_request(5 << 20), want=4)
        extra = client.send("encode", text_request(5 << 20), want=4)
        got, reply = client.receive()
        assert got == extra and reply.type == "busy"
        assert [client.receive()[0] for _ in range(2)] == [daemon.long, waiting]


def test_larger_requests_than_the_limit_are_too_large():
    with Daemon("--max-request-bytes", "1K") as daemon:
        client = daemon.client()
        assert client.ask("encode", text_request(100)).code == 0
        assert client.ask("encode", text_request(2000)).type == "too_large"
    with Daemon("--queue-bytes", "1M") as daemon:
        client = daemon.client()
        assert client.ask("encode", text_request(1000_000), want=4).code == 0
        assert client.ask("encode", text_request(1 << 20) | {"more": "x" * 100}).type == "too_large"


def test_a_request_that_waited_longer_than_its_time_is_expired():
    with BusyDaemon() as daemon:
        client = daemon.client
        late = client.send("encode", SMALL, timeout_ms=1)
        patient = client.send("encode", SMALL, timeout_ms=100_000)
        assert client.receive()[0] == daemon.long
        got, reply = client.receive()
        assert got == late and reply.type == "expired"
        got, reply = client.receive()
        assert got == patient and reply.code == 0


def test_a_cancelled_request_is_dropped_without_an_answer():
    with BusyDaemon() as daemon:
        client = daemon.client
        unwanted, wanted = client.send("encode", SMALL), client.send("encode", SMALL)
        cancel = client.send("cancel", cancel=unwanted)
        got, reply = client.receive()
        assert got == cancel and reply.count == 1
        again = client.send("cancel", cancel=unwanted)
        got, reply = client.receive()
        assert got == again and reply.count == 0, "it is gone already"
        assert [client.receive()[0] for _ in range(2)] == [daemon.long, wanted]


def test_another_connection_cannot_cancel():
    with BusyDaemon() as daemon:
        waiting = daemon.client.send("encode", SMALL)
        wait_until(lambda: daemon.waiting() == 1)
        assert daemon.prober.ask("cancel", cancel=waiting).count == 0
        assert [daemon.client.receive()[0] for _ in range(2)] == [daemon.long, waiting]


def test_what_waits_of_a_lost_connection_is_forgotten():
    with BusyDaemon() as daemon:
        lost = daemon.connect()
        for _ in range(50):
            lost.send("encode", SMALL)
        wait_until(lambda: daemon.waiting() == 50)
        lost.close()
        wait_until(lambda: daemon.waiting() == 0)
        answered = daemon.prober.ask("ping").value["answered"]
        assert answered <= 1, f"{answered} requests were worked on though nobody waits"
        assert daemon.client.receive()[0] == daemon.long


run(globals())
