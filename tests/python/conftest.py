"""The real sidetokd in a temporary directory, once for all tests that leave it alive."""

import asyncio
import json
import os
import pathlib
import subprocess

import pytest
import uvloop

from sidetok.testing import BLOCKED_SECONDS, probe

BUILD = pathlib.Path(os.environ["SIDETOK_BUILD"])
MODELS = pathlib.Path(os.environ["SIDETOK_MODELS"])
TOKENIZERS = {"v3": "mistral_instruct_tokenizer_240323.model.v3", "tekken": "tekken_240911.json"}
CLI = BUILD / "sidecar/cli/sidetok"


ROUNDS = 4


async def probe_unless_stalled(work):
    """As loop_probe does, with another round where the loop was late: a machine that stalls makes it late once, what blocks it every time."""
    report = await probe(work())
    for _ in range(ROUNDS - 1):
        if report.worst > BLOCKED_SECONDS:
            report = await probe(work())
    report.check()
    return report


class Daemon:
    def __init__(self, directory):
        self.url = f"ipc://{directory}/sidetokd.sock"
        self.process = None

    def start(self):
        tokenizers = [f"--tokenizer={name}={MODELS / file}" for name, file in TOKENIZERS.items()]
        self.process = subprocess.Popen([BUILD / "sidecar/sidetokd", f"--listen={self.url}", *tokenizers], stderr=subprocess.DEVNULL)
        subprocess.run([CLI, "ping", "--connect", self.url, "--wait-ms", "120000"], check=True, stdout=subprocess.DEVNULL)
        return self

    def kill(self):
        self.process.kill()
        self.process.wait()

    def cli(self, command, text, name="v3"):
        done = subprocess.run([CLI, command, "--connect", self.url, "--name", name], input=text.encode(), stdout=subprocess.PIPE, check=True)
        return json.loads(done.stdout)["tokens"]


@pytest.fixture(scope="session")
def daemon(tmp_path_factory):
    started = Daemon(tmp_path_factory.mktemp("d")).start()
    yield started
    started.kill()


@pytest.fixture
def own_daemon(tmp_path):
    started = Daemon(tmp_path).start()
    yield started
    started.kill()


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request):
    """Runs a coroutine in a fresh loop of either kind."""

    def run(coroutine):
        loop = asyncio.new_event_loop() if request.param == "asyncio" else uvloop.new_event_loop()
        try:
            return loop.run_until_complete(coroutine)
        finally:
            loop.close()

    return run
