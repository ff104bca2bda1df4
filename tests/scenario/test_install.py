"""What cmake --install leaves: programs, manual pages, completion."""
import json
import os
import pty
import re
import select
import subprocess

import pytest
from stage import DEADLINE_S

BUILD = os.environ["VEDETTE_BUILD"]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """An installation of its own."""
    prefix = tmp_path_factory.mktemp("installed")
    subprocess.run(["cmake", "--install", BUILD, "--prefix", prefix],
                   check=True, stdout=subprocess.DEVNULL)
    return prefix


def environment(prefix):
    """With the installed programs first, and no collector to ask."""
    return {"PATH": f"{prefix}/bin:{os.environ['PATH']}", "TERM": "dumb",
            "HOME": str(prefix), "LC_ALL": "C.UTF-8",
            "VEDETTE_COLLECTOR": f"ipc://{prefix}/nobody.sock"}


def test_every_command_has_a_manual_page_without_a_warning(installed):
    """As groff reads it; each has a name, a synopsis and a description."""
    pages = sorted((installed / "share/man/man1").iterdir())
    listed = subprocess.run(
        [installed / "bin/vedette", "complete", ""], check=True, text=True,
        capture_output=True).stdout.splitlines()
    for command in listed:
        assert f"vedette-{command.split()[0]}.1" in [p.name for p in pages]
    for page in pages:
        done = subprocess.run(
            ["groff", "-man", "-ww", "-Tutf8", "-P-cbou", page], text=True,
            capture_output=True, check=True, encoding="utf-8")
        assert done.stderr == "", page
        assert f"{page.stem.upper()}(1)" in done.stdout
        # What a line of the page tells, its help tells in the same words.
        for section in ("NAME", "SYNOPSIS", "DESCRIPTION"):
            assert f"\n{section}\n" in done.stdout, page


BASH = r"""
source "$1"
COMP_WORDS=("${@:2}") COMP_CWORD=$(($# - 2))
$(complete -p "$2" | sed 's/.*-F \([^ ]*\).*/\1/')
printf '%s\n' "${COMPREPLY[@]}"
"""


@pytest.mark.parametrize("words,expected", [
    (("vedette", "st"), {"status"}),
    (("vedette", "trend", "--by", "w"), {"week"}),
    (("vedette", "trend", "--tog"), {"--together"}),
    (("vedette-collector", "ba"), {"backup"}),
    (("vedette-agent", "check", "--nag"), {"--nagios"}),
])
def test_bash_completes(installed, words, expected):
    """With the function that the installed file declares."""
    script = (installed / "share/bash-completion/completions" / words[0])
    done = subprocess.run(["bash", "-c", BASH, "bash", script, *words],
                          text=True, capture_output=True, check=True,
                          env=environment(installed))
    assert set(done.stdout.split()) == expected, done.stderr


def test_fish_completes(installed):
    """Its own question for candidates, answered from the installed file."""
    script = installed / "share/fish/vendor_completions.d/vedette.fish"
    done = subprocess.run(
        ["fish", "--no-config", "-c",
         f"source {script}; complete -C 'vedette trend --by '"],
        text=True, capture_output=True, check=True,
        env=environment(installed))
    assert {"hour", "day", "week"} <= set(done.stdout.split())


def test_zsh_completes(installed):
    """On a terminal, with the tab key."""
    pid, master = pty.fork()
    if pid == 0:
        os.execvpe("zsh", ["zsh", "-f", "-i"], environment(installed))
    folder = installed / "share/zsh/vendor-completions"
    os.write(master, f"fpath=({folder} $fpath); autoload -U compinit; "
             "compinit -D; PS1='rea''dy> '\n".encode())
    seen = read_until(master, b"ready> ")
    os.write(master, b"vedette stat\t")
    seen = read_until(master, b"vedette status ")
    os.write(master, b"\x15exit\n")
    os.waitpid(pid, 0)
    os.close(master)
    assert b"vedette status " in seen


def read_until(master, wanted):
    """What the terminal shows, until it shows this."""
    seen = b""
    while wanted not in seen:
        ready, _, _ = select.select([master], [], [], DEADLINE_S)
        assert ready, seen
        seen += os.read(master, 65536)
    return seen


class Answering:  # pylint: disable=too-few-public-methods
    """A collector with something to name."""

    def __init__(self, stage):
        places = (("staging", "backend"), ("staging", "cache"),
                  ("pre-staging", "backend"))
        (stage.directory / "history.jsonl").write_text("".join(
            json.dumps({
                "type": "result", "at": f"2026-01-05T10:00:0{i}.000Z",
                "environment": environment_, "agent": f"{environment_}-1",
                "service": service, "probe": "port", "kind": "tcp",
                "vantage": "in_service", "outcome": "ok",
                "duration_ms": 1}) + "\n"
            for i, (environment_, service) in enumerate(places)))
        self.store = stage.directory / "history.db"
        subprocess.run([stage.collector, "replay",
                        stage.directory / "history.jsonl", "--store",
                        self.store], check=True, stderr=subprocess.DEVNULL)


@pytest.mark.parametrize("words,expected", [
    (("status", ""), {"staging", "pre-staging"}),
    (("status", "staging/"),
     {"staging/backend", "staging/cache", "pre-staging/backend"}),
    (("history", "--service", ""), {"backend", "cache"}),
    (("diff", "staging", ""), {"staging", "pre-staging"}),
    (("mark", "--environment", ""), {"staging", "pre-staging"}),
])
def test_names_of_environments_and_services_are_known(stage, words, expected):
    """From wherever the line so far says that one may ask."""
    store = Answering(stage).store
    done = subprocess.run(
        [stage.cli, "complete", "--store", store, *words], text=True,
        capture_output=True, check=True)
    assert set(re.split(r"\n", done.stdout.strip())) == expected
