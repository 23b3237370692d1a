"""The queue is bounded, and forgets what nobody waits for any more."""

from service import Daemon, run, text_request, wait_until

LONG = text_request(24 << 20, "Étude of ")


def started(client, prober):
    """A long request that is in work, no longer in the queue."""
    number = client.send("encode", LONG)
    wait_until(lambda: (lambda value: value["requests"] == 0 and value["working_ms"] > 0)(prober.ask("ping").value))
    return number


def test_requests_beyond_the_bound_are_busy():
    with Daemon("--queue-requests", "2") as daemon:
        client, prober = daemon.client(), daemon.client()
        long = started(client, prober)
        waiting = [client.send("encode", text_request(10)) for _ in range(2)]
        extra = client.send("encode", text_request(10))
        got, reply = client.receive()
        assert got == extra and reply.type == "busy", "the third request had to be refused at once"
        replies = [client.receive() for _ in range(3)]
        assert [got for got, _ in replies] == [long, *waiting]
        assert all(reply.code == 0 for _, reply in replies)


def test_bytes_beyond_the_bound_are_busy_and_larger_requests_too_large():
    with Daemon("--queue-bytes", "32M") as daemon:
        client, prober = daemon.client(), daemon.client()
        long = started(client, prober)
        waiting = client.send("encode", text_request(20 << 20))
        extra = client.send("encode", text_request(20 << 20))
        assert client.receive()[0] == extra
        huge = client.send("encode", text_request(32 << 20) | {"pad": "x" * 1000})
        got, reply = client.receive()
        assert got == huge and reply.type == "too_large"
        assert [client.receive()[0] for _ in range(2)] == [long, waiting]


def test_a_limit_of_single_requests_is_kept():
    with Daemon("--max-request-bytes", "1K") as daemon:
        client = daemon.client()
        assert client.ask("encode", text_request(100)).code == 0
        assert client.ask("encode", text_request(2000)).type == "too_large"


def test_a_request_that_waited_longer_than_its_time_is_expired():
    with Daemon() as daemon:
        client, prober = daemon.client(), daemon.client()
        long = started(client, prober)
        late = client.send("encode", text_request(10), timeout_ms=1)
        patient = client.send("encode", text_request(10), timeout_ms=100_000)
        assert client.receive()[0] == long
        got, reply = client.receive()
        assert got == late and reply.type == "expired"
        got, reply = client.receive()
        assert got == patient and reply.code == 0


def test_a_cancelled_request_is_dropped_without_an_answer():
    with Daemon() as daemon:
        client, prober = daemon.client(), daemon.client()
        long = started(client, prober)
        unwanted, wanted = client.send("encode", text_request(10)), client.send("encode", text_request(10))
        cancel = client.send("cancel", cancel=unwanted)
        got, reply = client.receive()
        assert got == cancel and reply.count == 1
        assert client.send("cancel", cancel=unwanted) and client.receive()[1].count == 0, "it is gone already"
        assert [client.receive()[0] for _ in range(2)] == [long, wanted]


def test_another_connection_cannot_cancel():
    with Daemon() as daemon:
        client, other = daemon.client(), daemon.client()
        long = started(client, other)
        waiting = client.send("encode", text_request(10))
        client.send("ping")
        client.receive()
        assert other.ask("cancel", cancel=waiting).count == 0
        assert [client.receive()[0] for _ in range(2)] == [long, waiting]


def test_what_waits_of_a_lost_connection_is_forgotten():
    with Daemon() as daemon:
        client, prober = daemon.client(), daemon.client()
        started(client, prober)
        for _ in range(50):
            client.send("encode", text_request(10))
        client.send("ping")
        assert client.receive()[1].value["requests"] == 50
        client.close()
        wait_until(lambda: prober.ask("ping").value["requests"] == 0)
        answered = prober.ask("ping").value["answered"]
        assert answered <= 1, "%d requests were worked on though nobody waits" % answered


run(globals())
