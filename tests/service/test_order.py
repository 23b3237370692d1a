"""First come, first served, over connections as over requests of one."""

import selectors

from service import BusyDaemon, Daemon, run, text_request


def arrivals(daemon, clients, plan):
    """Sends one request after the other while the worker is busy, each known to have arrived before the next is sent;
    returns (connection, id) in order of arrival."""
    order = []
    for number in plan:
        client = clients[number]
        order.append((number, client.send("encode", text_request(200_000), want=4)))
        ping = client.send("ping")
        got, _ = client.receive()  # the receiver answers it after it has put the request into the queue
        assert got == ping, "a queued request was answered before the long one in front of it"
    assert daemon.waiting() == len(plan)
    return order


def collect(clients, n):
    """Replies in order of arrival: (connection, id, round). Replies of one round were there at the same time."""
    selector = selectors.DefaultSelector()
    for number, client in enumerate(clients):
        selector.register(client.socket, selectors.EVENT_READ, number)
    replies, turn = [], 0
    while len(replies) < n:
        turn += 1
        for key, _ in selector.select(60):
            got, reply = clients[key.data].receive()
            assert reply.code == 0, reply.message
            replies.append((key.data, got, turn))
    return replies


def test_replies_come_in_the_order_of_arrival_over_three_connections():
    with BusyDaemon() as daemon:
        clients = [daemon.connect() for _ in range(3)]
        plan = [0] * 10 + [1] * 10 + [2] * 10 + [0, 1, 2] * 10 + [2] * 5 + [0] * 5
        order = arrivals(daemon, clients, plan)
        replies = collect(clients, len(order))
        place = {(number, got): turn for number, got, turn in replies}
        turns = [place[entry] for entry in order]
        assert turns == sorted(turns), "a later request was answered before an earlier one"
        assert len(set(turns)) > len(turns) // 4, "replies came in so few rounds that nothing is shown"


def test_one_connection_gets_its_replies_in_order():
    with Daemon() as daemon:
        client, under_way = daemon.client(), []
        for n in range(400):
            under_way.append(client.send("encode", text_request(10 + 1000 * (n % 7))))
            if len(under_way) == 60:  # nng keeps 64 replies of a connection for a peer that does not read
                assert client.receive()[0] == under_way.pop(0)
        assert [client.receive()[0] for _ in under_way] == under_way


run(globals())
