"""The asyncio client never blocks its loop, keeps order, and ends every request."""

import asyncio
import os
import subprocess
import sys
import threading
import time

import pytest

import sidetok
from conftest import probe_unless_stalled
from sidetok import aio, exceptions
from sidetok.testing import loop_probe  # noqa: F401
from sidetok.testing import probe


def test_a_thousand_concurrent_requests_are_answered_in_order(daemon, run):
    async def main():
        async with aio.Client(daemon.url, timeout=60) as client:
            order = []

            async def ask(i):
                ids = await client.encode(f"request {i}")
                order.append(i)
                return ids

            answers = await asyncio.gather(*(ask(i) for i in range(1000)))
            assert order == list(range(1000))
            assert [await client.decode(answer) for answer in answers[::100]] == [f"request {i}" for i in range(0, 1000, 100)]

    run(main())


def test_the_detector_fails_on_a_blocking_call(run, loop_probe):
    async def block():
        await asyncio.sleep(0)
        end = time.perf_counter() + 0.15
        while time.perf_counter() < end:
            pass

    with pytest.raises(AssertionError, match="blocked"):
        run(loop_probe(block()))


def test_the_loop_stays_responsive_during_a_megabyte(daemon, run):
    async def main():
        async with aio.Client(daemon.url, timeout=60) as client:
            report = await probe_unless_stalled(lambda: client.encode("word " * 200_000))
            assert len(report.result) > 200_000 - 10

    run(main())


def test_cancelling_the_task_cancels_the_request(daemon, run):
    async def main():
        async with aio.Client(daemon.url, timeout=60) as client:
            tasks = [asyncio.ensure_future(client.encode("word " * 50_000)) for _ in range(100)]
            await asyncio.sleep(0)
            for task in tasks[1:]:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            assert all(isinstance(end, asyncio.CancelledError) for end in ended[1:])
            assert not client._connection._waiting
            assert await client.decode(await client.encode("still here")) == "still here"

    run(main())


def test_a_deadline_ends_a_request(tmp_path, run):
    async def main():
        async with aio.Client(f"ipc://{tmp_path}/nobody", connect_timeout=0) as client:
            with pytest.raises(exceptions.NotConnected):
                await client.encode("x", timeout=0.02)

    run(main())


def test_a_deadline_behind_a_long_request_is_expired(daemon, run):
    async def main():
        async with aio.Client(daemon.url) as client:
            await client.encode("x")  # connected: what expires had been sent
            long = [asyncio.ensure_future(client.encode("word " * 200_000)) for _ in range(10)]
            await asyncio.sleep(0)
            with pytest.raises(exceptions.Expired):
                await client.encode("x", timeout=0.001)
            await asyncio.gather(*long)

    run(main())


def test_without_a_sidecar_the_error_names_the_url(tmp_path):
    with sidetok.Client(f"ipc://{tmp_path}/nobody", connect_timeout=0.02) as client:
        with pytest.raises(exceptions.NotConnected):
            client.encode("x")
        with pytest.raises(ConnectionError, match="nobody"):
            client.encode("x")


def test_service_resumes_after_kill(own_daemon, run):
    async def main():
        async with aio.Client(own_daemon.url, timeout=60, connect_timeout=0) as client:  # the start keeps the loop busy, and may take long
            before = await client.encode("again")
            lost = [asyncio.ensure_future(client.encode("word " * 200_000)) for _ in range(20)]
            await asyncio.sleep(0)
            own_daemon.kill()
            waiting = asyncio.gather(*lost, return_exceptions=True)
            own_daemon.start()
            assert all(isinstance(end, exceptions.PeerLost) or len(end) for end in await waiting)
            assert await client.encode("again") == before

    run(main())


def test_a_client_carried_through_fork_is_refused(daemon):
    client, loop_client = sidetok.Client(daemon.url, timeout=60), aio.Client(daemon.url, timeout=60)
    client.encode("x")
    asyncio.run(loop_client.ping())
    child = os.fork()
    if child == 0:
        status = 1
        try:
            try:
                client.encode("x")
            except exceptions.Forked as error:
                asyncio.new_event_loop().run_until_complete(loop_client.encode("x"))
        except exceptions.Forked as error:
            status = 0 if "fork" in str(error) or "process" in str(error) else 2
        os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert len(client.encode("x"))
    client.close()
    loop_client.close()


def test_a_child_of_a_process_that_used_the_library_is_told_so(daemon):
    """nng's threads are gone there, and it would abort the child."""
    code = """
import os, sys, sidetok
client = sidetok.Client(sys.argv[1], timeout=30)
client.ping()
if os.fork() == 0:
    try:
        sidetok.Client(sys.argv[1]).ping()
    except sidetok.exceptions.Forked as error:
        os._exit(7 if "after the fork" in str(error) else 1)
    os._exit(2)
sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))
"""
    assert subprocess.run([sys.executable, "-c", code, daemon.url]).returncode == 7


def test_closing_ends_what_is_under_way(daemon, run):
    async def main():
        client = aio.Client(daemon.url, timeout=60)
        await client.ping()  # nng 1.5's listener can lose its next peer when one leaves during the handshake
        task = asyncio.ensure_future(client.encode("word " * 200_000))
        await asyncio.sleep(0)
        client.close()
        with pytest.raises(exceptions.ShuttingDown):
            await task

    run(main())


def test_the_async_drop_in_gives_a_list(daemon, run, monkeypatch):
    monkeypatch.setenv("SIDETOK_URL", daemon.url)
    messages = [{"role": "user", "content": "Hello"}]
    assert run(sidetok.async_apply_mistral_chat_template("v3", messages)) == [1, 3, 23325, 4]


def test_the_probe_counts_its_checks(run):
    assert run(probe(checks=5, period=0.05)).checks == 5


def test_closing_a_blocking_client_waits_for_the_thread_whose_turn_it_is():
    client = sidetok.Client("ipc:///nonexistent/s.sock", timeout=0.3, connect_timeout=0)
    ended = []

    def ask():
        with pytest.raises(exceptions.ServiceError) as raised:
            client.ping()
        ended.append(raised.type)

    asking = threading.Thread(target=ask, daemon=True)
    with client._turn:  # until it waits for its turn
        asking.start()
    while not ended and not client._connection._waiting:
        time.sleep(0.001)
    client.close()
    asking.join(60)
    assert ended == [exceptions.NotConnected], "what was asked before ends by itself"
    with pytest.raises(exceptions.ShuttingDown):
        client.ping()
