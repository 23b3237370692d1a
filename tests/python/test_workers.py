"""Servers that fork: each worker opens its own client, and a client that was opened too early is refused with a word of advice."""

import http.client
import os
import socket
import subprocess
import sys
import time

import pytest

pytest.importorskip("uvicorn", reason="uvicorn is not installed here")

APP = '''
import os
import sidetok

EARLY = sidetok.aio.Client() if os.environ.get("TOO_EARLY") else None


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    messages = [{"role": "user", "content": scope["path"]}]
    try:
        if EARLY:
            await EARLY.apply(messages)
        ids = await sidetok.async_apply_mistral_chat_template("v3", messages)
        body = f"{os.getpid()} {len(ids)}"
    except Exception as error:
        body = f"{os.getpid()} {type(error).__name__}: {error}"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body.encode()})
'''
SERVERS = {
    "uvicorn": ["uvicorn", "app:app", "--workers", "2", "--log-level", "warning", "--port"],
    "gunicorn": ["gunicorn", "app:app", "--workers", "2", "--preload", "-k", "uvicorn_worker.UvicornWorker", "--log-level", "warning", "-b"],
}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def get(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    connection.request("GET", path)
    return connection.getresponse().read().decode()


def wait_for(process, port):
    for _ in range(6000):
        assert process.poll() is None
        try:
            return get(port, "/first")
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the server did not start")


@pytest.fixture(params=SERVERS)
def serve(request, daemon, tmp_path):
    if request.param == "gunicorn":
        pytest.importorskip("gunicorn", reason="gunicorn is not installed here")
    (tmp_path / "app.py").write_text(APP)
    started = []

    def serve(**environment):
        port = free_port()
        target = str(port) if request.param == "uvicorn" else f"127.0.0.1:{port}"
        env = {**os.environ, "SIDETOK_URL": daemon.url, **environment}
        env["PYTHONPATH"] = f"{tmp_path}{os.pathsep}{env.get('PYTHONPATH', '')}"
        started.append(subprocess.Popen([sys.executable, "-m", *SERVERS[request.param], target], cwd=tmp_path, env=env))
        wait_for(started[-1], port)
        return request.param, port

    yield serve
    for process in started:
        process.terminate()
        process.wait(300)


def test_every_worker_answers(serve):
    _, port = serve()
    pids, end = set(), time.monotonic() + 300
    while len(pids) < 2 and time.monotonic() < end:
        pid, n = get(port, "/x").split()
        assert int(n) > 2
        pids.add(pid)
    assert len(pids) == 2


def test_a_client_that_was_opened_before_the_fork_says_so(serve):
    name, port = serve(TOO_EARLY="1")
    said = get(port, "/x")
    if name == "gunicorn":
        assert "Forked: this client was opened in process" in said
    else:  # uvicorn's workers are not forked: each runs the module by itself
        assert said.split()[1].isdigit()
