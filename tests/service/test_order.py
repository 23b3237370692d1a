"""First come, first served, over connections as over requests of one."""

import selectors

from service import PATIENCE, BusyDaemon, Daemon, run, text_request


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


class Collector:
    """Reads replies as they come. Replies of different connections may overtake each other on the way, so what is looked at is the
    queue: when a reply is here, no request that arrived before may still wait."""

    def __init__(self, clients, order):
        self.clients, self.order = clients, order
        self.place = {entry: index for index, entry in enumerate(order)}
        self.seen, self.selector = set(), selectors.DefaultSelector()
        for number, client in enumerate(clients):
            self.selector.register(client.socket, selectors.EVENT_READ, number)

    def read(self, number):
        """One reply of a connection: the place of its request, or the count that a cancel was answered with."""
        got, reply = self.clients[number].receive()
        assert reply.code == 0, reply.message
        place = self.place.get((number, got))
        if place is None:
            return None, reply.count
        self.seen.add(place)
        return place, None

    def still_waits(self, place):
        number, sent = self.order[place]
        self.clients[number].send("cancel", cancel=sent)
        while True:
            got, count = self.read(number)
            if got is None:
                return count == 1

    def collect(self):
        while len(self.seen) < len(self.order):
            key, _ = self.selector.select(PATIENCE)[0]  # one at a time: looking at an earlier request reads from its connection
            place, _ = self.read(key.data)
            for earlier in sorted(set(range(place)) - self.seen):
                assert not self.still_waits(earlier), "a later request was answered before an earlier one"


def test_requests_are_answered_in_the_order_of_arrival_over_three_connections():
    with BusyDaemon() as daemon:
        clients = [daemon.connect() for _ in range(3)]
        plan = [0] * 10 + [1] * 10 + [2] * 10 + [0, 1, 2] * 10 + [2] * 5 + [0] * 5
        Collector(clients, arrivals(daemon, clients, plan)).collect()


def test_one_connection_gets_its_replies_in_order():
    with Daemon() as daemon:
        client, under_way = daemon.client(), []
        for n in range(400):
            under_way.append(client.send("encode", text_request(10 + 1000 * (n % 7))))
            if len(under_way) == 60:  # nng keeps 64 replies of a connection for a peer that does not read
                assert client.receive()[0] == under_way.pop(0)
        assert [client.receive()[0] for _ in under_way] == under_way


run(globals())
