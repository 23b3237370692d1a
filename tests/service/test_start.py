"""What may stand in the way of starting, and what is said then."""

import fcntl
import grp
import os
import socket
import stat
import subprocess
import tempfile
from pathlib import Path

from service import DAEMON, SPM, TEKKEN, Daemon, refused, run, wait_until
from wire import Client

V3 = f"v3={SPM}"


def test_a_regular_file_at_the_path_is_left_alone():
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "precious"
        path.write_text("data")
        status, said = refused("--tokenizer", V3, "--listen", f"ipc://{path}")
        assert status == 3 and "no socket" in said, (status, said)
        assert path.read_text() == "data"


def test_a_link_to_a_file_is_left_alone():
    with tempfile.TemporaryDirectory() as directory:
        target, link = Path(directory) / "precious", Path(directory) / "link"
        target.write_text("data")
        link.symlink_to(target)
        status, said = refused("--tokenizer", V3, "--listen", f"ipc://{link}")
        assert status == 3 and link.is_symlink() and target.read_text() == "data", (status, said)


def test_a_dangling_link_is_left_alone():
    with tempfile.TemporaryDirectory() as directory:
        link = Path(directory) / "link"
        link.symlink_to(Path(directory) / "nothing")
        status, said = refused("--tokenizer", V3, "--listen", f"ipc://{link}")
        assert status == 3 and link.is_symlink() and os.listdir(directory) == ["link"], (status, said)


def test_a_start_that_fails_leaves_no_socket_behind():
    taken = socket.socket(socket.AF_INET)
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    with tempfile.TemporaryDirectory() as directory:
        health = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        status, said = refused("--tokenizer", V3, "--listen", f"ipc://{directory}/s.sock", "--health", health)
        assert status == 3 and "health" in said and os.listdir(directory) == [], (status, said)


def test_whoever_keeps_the_folder_locked_does_not_keep_the_daemon_from_starting():
    with tempfile.TemporaryDirectory() as directory:
        locked = os.open(directory, os.O_RDONLY)
        fcntl.flock(locked, fcntl.LOCK_EX)
        with Daemon(directory=directory) as daemon:
            assert any("without the lock" in line for line in daemon.lines())
            assert daemon.client().ask("ping").code == 0
        os.close(locked)


def test_who_connects_before_all_addresses_are_open_is_served():
    with tempfile.TemporaryDirectory() as directory:
        more = [word for n in range(40) for word in ("--listen", f"ipc://{directory}/{n}.sock")]
        with Daemon(*more, wait=False) as daemon:
            wait_until(lambda: os.path.exists(daemon.path))
            early = [daemon.client() for _ in range(20)]
            assert all(client.ask("ping").code == 0 for client in early)
            daemon.wait_for_log("ready")


def test_a_folder_may_be_a_link():
    with tempfile.TemporaryDirectory() as directory:
        real, link = Path(directory) / "real", Path(directory) / "link"
        real.mkdir()
        link.symlink_to(real)
        with Daemon(directory=link) as daemon:
            assert daemon.client().ask("ping").code == 0
            assert daemon.stop() == 0
            assert sorted(os.listdir(real)) == ["log"], "nothing but the log is left"


def folder(directory, n):
    path = Path(directory) / str(n)
    path.mkdir()
    return path


def test_of_daemons_that_start_at_once_on_one_path_one_serves():
    """Over a socket that nobody serves any more, which each of them would replace."""
    with tempfile.TemporaryDirectory() as directory:
        path = f"{directory}/s.sock"
        stale = socket.socket(socket.AF_UNIX)
        stale.bind(path)
        stale.close()
        started = [Daemon(directory=folder(directory, n), path=path, wait=False) for n in range(6)]
        try:
            wait_until(lambda: sum(daemon.process.poll() is not None for daemon in started) == 5)
            assert sorted(daemon.process.poll() or 0 for daemon in started) == [0] + [3] * 5
            [winner] = [daemon for daemon in started if daemon.process.poll() is None]
            winner.wait_for_log("ready")
            assert Client(path).ask("ping").code == 0
            assert winner.stop() == 0
            assert not os.path.exists(path)
        finally:
            for daemon in started:
                daemon.kill()


def test_a_live_daemon_keeps_its_path():
    with Daemon() as daemon:
        client = daemon.client()
        status, said = refused("--tokenizer", V3, "--listen", daemon.url)
        assert status == 3 and "another process is listening" in said, (status, said)
        assert client.ask("ping").code == 0 and daemon.client().ask("ping").code == 0


def test_a_path_that_is_too_long_is_told():
    status, said = refused("--tokenizer", V3, "--listen", "ipc:///" + "x" * 120)
    assert status == 2 and "107 bytes" in said, (status, said)


def test_a_missing_folder_is_told():
    status, said = refused("--tokenizer", V3, "--listen", "ipc:///nonexistent/folder/s.sock")
    assert status == 3 and "/nonexistent/folder/s.sock" in said, (status, said)


def test_a_tokenizer_that_does_not_load_is_told():
    status, said = refused("--tokenizer", "a=/nonexistent.model", "--tokenizer", V3)
    assert status == 1 and "Unrecognized tokenizer file: /nonexistent.model" in said, (status, said)


def test_every_mistake_of_a_configuration_is_told_with_its_line():
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "sidetok.conf"
        path.write_text("# comment\ntokenizer = noequals\nqueue-requests = many\nwrong = 1\nlisten = ftp://x\n")
        status, said = refused("--config", path, "--check")
        assert status == 2
        for line, word in ((2, "NAME=PATH"), (3, "not a number"), (4, "unknown key"), (5, "no URL")):
            assert any(f"{path}:{line}: " in text and word in text for text in said.splitlines()), (line, said)


def test_a_tokenizer_that_does_not_load_is_told_with_its_line():
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "sidetok.conf"
        path.write_text(f"tokenizer = {V3}\n\ntokenizer = bad=/nonexistent.model\n")
        status, said = refused("--config", path, "--check")
        assert status == 1 and f"{path}:3: tokenizer bad: /nonexistent.model: " in said, (status, said)


def test_check_tells_tokenizers_and_variables_beside_other_mistakes():
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "sidetok.conf"
        path.write_text("tokenizer = bad=/nonexistent.model\nqueue-bytes = many\n")
        done = subprocess.run([DAEMON, "--config", path, "--check"], capture_output=True, text=True, env={**os.environ, "SIDETOKD_QUEUE_BYTE": "1"})
        said = done.stderr
        assert done.returncode == 2
        for start in (f"{path}:2: 'many'", "SIDETOKD_QUEUE_BYTE: ", f"<3>{path}:1: tokenizer bad: "):
            assert any(line.startswith(start) for line in said.splitlines()), (start, said)


def test_a_group_that_is_unknown_is_told_by_check():
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "sidetok.conf"
        path.write_text(f"tokenizer = {V3}\nsocket-group = nobody-has-this-name\n")
        status, said = refused("--config", path, "--check")
        assert status == 2 and f"{path}:2: " in said and "nobody-has-this-name" in said, (status, said)


def test_the_folder_of_the_service_manager_holds_the_socket():
    with tempfile.TemporaryDirectory() as directory:
        process = subprocess.Popen([DAEMON, "--tokenizer", V3], env={"RUNTIME_DIRECTORY": directory}, stderr=subprocess.DEVNULL)
        try:
            wait_until(lambda: (Path(directory) / "sidetokd.sock").is_socket())
        finally:
            process.kill()
            process.wait()


def test_check_of_a_good_configuration_ends_with_0():
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "sidetok.conf"
        path.write_text(f"tokenizer = {V3}\nlisten = ipc://{directory}/s.sock\n")
        assert refused("--config", path, "--check")[0] == 0
        assert not (Path(directory) / "s.sock").exists()


def test_the_socket_has_the_mode_that_was_asked_for():
    with Daemon("--socket-mode", "0600") as daemon:
        assert stat.S_IMODE(os.stat(daemon.path).st_mode) == 0o600
    with Daemon() as daemon:
        assert stat.S_IMODE(os.stat(daemon.path).st_mode) == 0o660


def test_the_socket_belongs_to_the_group_that_was_asked_for():
    group = grp.getgrgid(os.getgid())
    for name in (group.gr_name, str(group.gr_gid)):
        with Daemon("--socket-group", name) as daemon:
            assert os.stat(daemon.path).st_gid == group.gr_gid
    if os.getuid() == 0:
        with Daemon("--socket-group", "54321", "--socket-mode", "0660") as daemon:
            status = os.stat(daemon.path)
            assert (status.st_gid, stat.S_IMODE(status.st_mode)) == (54321, 0o660)


def test_a_group_that_nobody_has_is_told():
    with tempfile.TemporaryDirectory() as directory:
        for name in ("nobody-has-this-name", "x" * 100):
            status, said = refused("--tokenizer", V3, "--listen", f"ipc://{directory}/s", "--socket-group", name)
            assert status == 2 and f"there is no group '{name}'" in said, (status, said)
            assert not os.listdir(directory)


def test_environment_stands_between_flags_and_file():
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "sidetok.conf"
        path.write_text("max-request-bytes = 100\nsocket-mode = 0600\n")
        with Daemon("--socket-mode", "0640", "--config", str(path), environment={"SIDETOKD_MAX_REQUEST_BYTES": "1M"}) as daemon:
            assert stat.S_IMODE(os.stat(daemon.path).st_mode) == 0o640
            assert daemon.client().ask("encode", {"text": "x" * 1000}).code == 0


def test_several_addresses_and_tokenizers_are_served():
    name = f"sidetok-test-{os.getpid()}"
    with Daemon("--listen", f"abstract://{name}", "--allow-uid", str(os.getuid()), tokenizers={"v3": SPM, "tekken": TEKKEN}) as daemon:
        client = daemon.client()
        first, second = client.ask("encode", {"text": "Hello"}), client.ask("encode", {"text": "Hello"}, tokenizer="tekken")
        assert first.code == second.code == 0 and first.ids != second.ids
        assert client.ask("encode", {"text": "Hello"}, tokenizer="none").type == "unknown_tokenizer"
        probe = socket.socket(socket.AF_UNIX)
        probe.connect("\0" + name)
        probe.sendall(b"\0SP\0\0\x30\0\0")
        assert len(probe.recv(8)) == 8
        probe.close()


run(globals())
