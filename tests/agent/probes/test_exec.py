"""exec probes: plug-ins as Debian ships them, and programs that misbehave."""
import json
import signal
import stat
import time

import pytest
from support.probing import DEADLINE_S, closed_port, hang, peer

PLUGINS = "/usr/lib/nagios/plugins"
CANARY = "canary-e3c0"


def command(*arguments, more=""):
    """The settings of a probe."""
    return json.dumps({"command": list(arguments)})[:-1] + more + "}"


def script(probing, text):
    """A program of the test's own."""
    path = probing.directory / "plugin"
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def is_running(pid):
    """Is there such a process, other than a dead one nobody has buried?"""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def until_gone(pid):
    """What was killed ends when the kernel gets to it; that takes a moment."""
    deadline = time.monotonic() + DEADLINE_S
    while is_running(pid):
        assert time.monotonic() < deadline, f"{pid} goes on"
        signal.sigtimedwait([], 0.01)


def test_a_plug_in_that_is_content(probing):
    result = probing.one("exec", command(
        "check_load", "-w", "9999,9999,9999", "-c", "9999,9999,9999"))
    assert (result["outcome"], result["reason"]) == ("ok", "")
    assert "load average" in result["message"].lower()
    assert {"load1", "load5", "load15"} <= set(result["attributes"])
    assert result["attributes"]["exit_code"] == 0


def test_a_plug_in_that_warns(probing):
    result = probing.one("exec", command(
        f"{PLUGINS}/check_procs", "-w", "0:0", "-c", "0:99999"))
    assert (result["outcome"], result["reason"]) == ("warning", "run.exit")
    assert result["message"].startswith("PROCS WARNING")
    assert result["attributes"]["procs"] > 0


def test_a_plug_in_that_is_alarmed(probing):
    port = closed_port()
    result = probing.one("exec", command(
        "check_tcp", "-H", "127.0.0.1", "-p", str(port)))
    assert (result["outcome"], result["reason"]) == ("critical", "run.exit")
    assert str(port) in result["message"]


def test_a_plug_in_with_a_time_says_it(probing):
    with peer(hang) as port:
        result = probing.one("exec", command(
            "check_tcp", "-H", "127.0.0.1", "-p", str(port)))
    assert result["outcome"] == "ok"
    assert 0 <= result["attributes"]["time_s"] < 60


def test_a_disk_of_a_plug_in_has_bytes(probing):
    result = probing.one("exec", command(
        "check_disk", "-w", "0%", "-c", "0%", "-p", "/"))
    assert result["outcome"] == "ok"
    assert result["attributes"]["/_bytes"] > 1048576


ENDS = [
    # the script, outcome and reason, part of the message
    ("echo all is well", "ok", "", "all is well"),
    ("echo; echo '  late  |a=1'", "ok", "", "late"),
    ("echo odd; exit 3", "unknown", "run.exit", "odd"),
    ("exit 0", "unknown", "run.empty", "exit code 0 and said nothing"),
    ("echo '|a=1'", "unknown", "run.empty", "said nothing"),
    ("exit 2", "unknown", "run.empty", "exit code 2 and said nothing"),
    ("echo why >&2; exit 77", "unknown", "run.exit",
     "exit code 77, which no plug-in has: why"),
    ("echo before; kill -SEGV $$", "unknown", "run.internal",
     "ended by signal 11: before"),
    ("head -c 64M /dev/zero", "unknown", "run.limit",
     "said more than 65536 bytes"),
    ("head -c 64M /dev/zero >&2; echo fine", "unknown", "run.limit",
     "said more than 65536 bytes"),
    ("printf 'a\\033[31m\\377b'", "ok", "", "a?[31m?b"),
    ("echo connected to postgres://app:hunter2@db/app", "ok", "",
     "connected to postgres://***@db/app"),
]


@pytest.mark.parametrize("text,outcome,reason,message", ENDS)
def test_how_a_program_may_end(probing, text, outcome, reason, message):
    result = probing.one("exec", command(str(script(probing, text))))
    assert (result["outcome"], result["reason"]) == (outcome, reason)
    assert message in result["message"]
    assert list(result["phases"]) == ["run"]


def test_at_the_limit_all_that_it_started_is_killed(probing):
    path = script(probing, f"cd {probing.directory}\nsleep 600 &\n"
                  "echo $! >child.pid\necho $$ >own.pid\nsleep 600\n")
    result = probing.one("exec", command(str(path)), "timeout: 3s")
    assert (result["outcome"], result["reason"]) == (
        "critical", "run.timeout")
    assert result["censored"]
    assert "was killed, with what it started" in result["message"]
    for name in ("child.pid", "own.pid"):
        until_gone(int((probing.directory / name).read_text()))


def test_who_stays_behind_does_not_hold_the_result(probing):
    path = script(probing, f"sleep 600 & echo $! >{probing.directory}/pid\n"
                  "echo gone ahead\n")
    result = probing.one("exec", command(str(path)), "timeout: 20s")
    assert (result["outcome"], result["message"]) == ("ok", "gone ahead")
    until_gone(int((probing.directory / "pid").read_text()))


def test_no_shell_reads_the_arguments(probing):
    result = probing.one("exec", command(
        "printf", "%s", "$(id) `id` ; id | id > x"))
    assert result["message"] == "$(id) `id` ; id"  # all after a bar is data
    assert not (probing.directory / "x").exists()


def test_the_environment_is_its_own(probing):
    path = script(probing, "env | sort | tr '\\n' ' '")
    (probing.directory / "token").write_text(CANARY + "\n")
    result = probing.one(
        "exec", command(str(path), more=", environment: [{name: TOKEN, value: "
                        "'@token'}, {name: LEVEL, value: '${LEVEL}'}]"),
        environment={"AGENTS_OWN": "x", "LEVEL": "high", "PATH": "/bin"})
    assert result["outcome"] == "ok"
    assert "AGENTS_OWN" not in result["message"]
    assert "LEVEL=***" in result["message"]
    assert CANARY not in json.dumps(result)


def test_a_secret_that_is_missing_is_told_by_its_name(probing):
    result = probing.one("exec", command(
        "true", more=", environment: [{name: TOKEN, value: '@missing'}]"))
    assert (result["outcome"], result["reason"]) == (
        "unknown", "run.internal")
    assert result["message"].startswith("variable TOKEN: ")


@pytest.mark.parametrize("program,reason", [
    ("no-such-plug-in", "run.missing"),
    ("/nonexistent/plug-in", "run.missing"),
    ("/proc/version", "run.denied"),
])
def test_a_program_that_is_not_there_says_nothing_of_the_target(
        probing, program, reason):
    result = probing.one("exec", command(program))
    assert (result["outcome"], result["reason"]) == ("unknown", reason)
    assert result["message"].startswith(f"{program}: ")


@pytest.mark.parametrize("settings,complaint", [
    ("{command: []}", "5:21: probes[0].exec.command: must list the program "
     "and its arguments: [check_load, -w, 5, -c, 10]"),
    ("{environment: []}", "5:11: probes[0].exec.command: must list the "
     "program and its arguments: [check_load, -w, 5, -c, 10]"),
    ("{command: ['check_load -w 5']}", "5:21: probes[0].exec.command: is one "
     "word with blanks; list each argument by itself, no shell parts them"),
    ("{command: [a], environment: [{name: 'A=B', value: x}]}",
     "5:47: probes[0].exec.environment[0].name: not the name of a variable"),
])
def test_a_bad_command_is_a_complaint(probing, settings, complaint):
    assert probing.complaint(
        f"  - name: p\n    exec: {settings}\n") == complaint
