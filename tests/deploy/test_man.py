"""The manual pages: well-formed, and complete by the tables and the help texts that the programs are made from."""

import re
import shutil
import subprocess

from tap import BUILD, ROOT, Skip, run

PAGES = sorted((ROOT / "docs/man").glob("*.[0-9]"))


def page(name):
    return (ROOT / "docs/man" / name).read_text().replace("\\-", "-")


def keys():
    return re.findall(r'^KEY\("([a-z-]+)"', (ROOT / "sidecar/service/options.def").read_text(), re.M)


def help_of(program):
    return subprocess.run([BUILD / program, "--help"], capture_output=True, text=True, check=True).stdout


def flags_of(text):
    return set(re.findall(r"--([a-z][a-z-]+)", text))


def flags_in_page(name):
    return set(re.findall(r"Fl -([a-z][a-z-]+)", page(name)))


def findings(command):
    if not shutil.which(command[0]):
        raise Skip(command[0] + " is missing")
    found = []
    for path in PAGES:
        done = subprocess.run([*command, path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        found += done.stdout.splitlines()
    return found


def test_five_pages_are_there():
    assert [path.name for path in PAGES] == ["libsidetok.3", "sidetok-protocol.7", "sidetok.1", "sidetok.conf.5", "sidetokd.8"]


def test_mandoc_warns_of_nothing():
    found = findings(["mandoc", "-Tlint", "-Wwarning"])
    assert not found, found


def test_groff_warns_of_nothing():
    found = findings(["groff", "-mdoc", "-ww", "-Tutf8", "-z"])
    assert not found, found


def test_every_key_is_in_both_pages_and_in_the_sample():
    sample = (ROOT / "deploy/systemd/sidetok.conf").read_text()
    for key in keys():
        assert f".It Fl -{key} " in page("sidetokd.8"), key
        assert f".It Cm {key} " in page("sidetok.conf.5"), key
        assert re.search(rf"^#?{key} = ", sample, re.M), key


def test_every_flag_of_the_help_is_in_the_page_and_the_other_way_round():
    assert flags_of(help_of("sidecar/sidetokd")) == flags_in_page("sidetokd.8")
    assert flags_of(help_of("sidecar/cli/sidetok")) == flags_in_page("sidetok.1")


def test_every_flag_that_the_command_reads_is_in_its_help():
    source = (ROOT / "sidecar/cli/main.c").read_text()
    read = set(re.findall(r'^ +\{"([a-z-]+)", FLAG_', source, re.M))
    commands = re.findall(r'\{"([a-z]+)", cli_[a-z]+\}', source)
    text = help_of("sidecar/cli/sidetok")
    assert read and flags_of(text) == read | {"version", "help"}
    assert commands and commands == re.findall(r"^  ([a-z]+) +\S", text.split("Commands.")[1].split("\n\n")[0], re.M)
    assert all(f".It Cm {name}" in page("sidetok.1") for name in commands)


def test_every_flag_that_the_daemon_reads_is_in_its_help():
    assert flags_of(help_of("sidecar/sidetokd")) == {*keys(), "config", "check", "version", "help"}


def test_every_exported_function_is_in_the_page():
    exported = re.findall(r"^    (sidetok_\w+);", (ROOT / "client/sidetok.sym").read_text(), re.M)
    described = re.findall(r"^\.Fn (sidetok_\w+) ", page("libsidetok.3"), re.M)
    assert sorted(exported) == sorted(set(described) - {"sidetok_done"})


def test_every_operation_and_field_is_in_the_page_of_the_protocol():
    text = page("sidetok-protocol.7")
    ops = re.findall(r'^X\(\w+, *(\d+), *"(\w+)"\)', (ROOT / "proto/op.def").read_text(), re.M)
    assert len(ops) >= 15
    for number, name in ops:
        assert f"{number} {name}" in text.replace("\n", " "), (number, name)
    assert len(re.findall(r"^\.It \d+ ", text, re.M)) >= 25


run(globals())
