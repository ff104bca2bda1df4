"""log probes of files that grow, rotate and vanish, and of a journal."""
import json
import os
import subprocess
import time

import pytest

CANARY = "canary-c44d"


class Log:
    """A file that somebody writes to, and a probe that follows it."""

    def __init__(self, probing, more=""):
        self.probing = probing
        self.path = probing.directory / "app.log"
        self.more = more

    def write(self, *lines, end="\n"):
        """Adds lines."""
        with open(self.path, "a", encoding="utf-8") as file:
            file.write("\n".join(lines) + end)

    def look(self, more="", probe=""):
        """What a run finds."""
        return self.probing.one(
            "log", f"{{file: app.log{self.more}{more}}}", probe)

    def started(self, *lines):
        """The file with these lines, which a first run has seen."""
        self.write(*lines)
        self.look()
        return self


@pytest.fixture(name="log")
def fixture_log(probing):
    """A log that was looked at once."""
    return Log(probing).started("started")


def test_a_quiet_log_is_ok(log):
    log.write("GET / 200", "no trouble")
    result = log.look()
    assert (result["outcome"], result["message"]) == ("ok", "")
    assert list(result["phases"]) == ["open", "read", "judge"]
    assert result["attributes"]["lines"] == 2
    assert result["attributes"]["errors"] == 0


def test_a_first_run_cannot_tell_what_is_new(probing):
    log = Log(probing)
    log.write("ERROR one", "ERROR two")
    first = log.look()
    assert (first["outcome"], first["reason"]) == (
        "unknown", "judge.skipped")
    assert "2 kinds of errors in the last 2 lines: ERROR one; ERROR two" \
        in first["message"]
    log.write("ERROR two")
    assert log.look()["outcome"] == "ok"


def test_a_new_error_is_told_once(log):
    log.write("fine", "2026-01-05 10:00:00 ERROR order 17 of 'bob': no stock",
              "2026-01-05 10:00:01 ERROR order 18 of 'eve': no stock")
    first = log.look()
    log.write("2026-01-06 11:22:33 ERROR order 99 of 'joe': no stock")
    second = log.look()
    assert (first["outcome"], first["reason"]) == ("warning", "judge.errors")
    assert first["message"] == "1 new kind of error: 2026-01-05 10:00:00 " \
        "ERROR order 17 of 'bob': no stock"
    assert second["outcome"] == "ok"
    assert second["attributes"]["errors"] == 1
    assert second["attributes"]["errors_new"] == 0


def test_every_new_kind_is_told(log):
    log.write(*(f"ERROR {word} failed: {'x ' * 900}" for word in
                ("login", "items", "orders")), "FATAL: No space left on device")
    result = log.look()
    assert result["attributes"]["errors_new"] == 4
    for words in ("login", "items", "orders", "No space left on device"):
        assert words in result["message"]


def test_what_a_traceback_ends_with_is_told(log):
    log.write("2026-01-05 10:00:00 ERROR orders failed",
              "Traceback (most recent call last):",
              '  File "app.py", line 7, in order',
              "    cursor.execute(query)",
              "psycopg2.errors.DiskFull: could not extend file",
              "HINT:  Check free disk space.", "GET / 200")
    result = log.look()
    assert result["attributes"]["errors"] == 3
    assert result["message"].endswith(
        "; psycopg2.errors.DiskFull: could not extend file")


def test_an_error_that_is_known_is_still_said(log):
    log.write(f"ERROR 1: disk full password={CANARY}")
    log.look()
    log.write("fine", f"ERROR 2: disk full password={CANARY}", "fine")
    result = log.look()
    assert result["outcome"] == "ok"
    assert result["attributes"]["last_error"] == \
        "ERROR 2: disk full password=***"
    log.write("fine")
    assert "last_error" not in log.look()["attributes"]


def test_a_failure_is_never_tried_away(log):
    log.write("FATAL: no disk")
    result = log.look(", severity: critical", "retries: 3")
    assert (result["outcome"], result["attempts"]) == ("critical", 1)


@pytest.mark.parametrize("line,is_error", [
    ("ERROR x", True), ("level=error msg=x", True), ("[crit] x", True),
    ("Traceback (most recent call last):", True),
    ("ValueError: bad", True), ("java.lang.NullPointerException: x", True),
    ("kernel: Out of memory: Killed process", True),
    ("panic: runtime error", True),
    ("errors=0", False), ("error=none", False), ("0 terrors", False),
    ("mirror sync done", False), ("GET /errorpage 200", False),
])
def test_what_an_error_is(log, line, is_error):
    log.write(line)
    assert (log.look()["outcome"] == "warning") == is_error


def test_patterns_of_ones_own(probing):
    log = Log(probing, ", errors: ['^E[0-9]+'], ignore: ['E42']").started("x")
    log.write("ERROR x", "E42 known", "E17 new")
    assert log.look()["message"] == "1 new kind of error: E17 new"


def test_secrets_do_not_leave(log):
    log.write(f"ERROR dial postgres://app:{CANARY}@db/app password={CANARY} "
              f"\x1b[31mAuthorization: Bearer {CANARY}")
    result = log.look()
    assert result["outcome"] == "warning"
    assert CANARY not in json.dumps(result)
    assert "dial postgres://***@db/app password=*** ?[31mAuthorization: ***" \
        in result["message"]
    assert CANARY not in (
        log.probing.directory / "probe-p.state").read_text()


def test_many_known_errors_are_too_many(log):
    log.write("ERROR a 1")
    log.look()
    log.write(*(f"ERROR a {i}" for i in range(5000)))
    result = log.look(", max_per_minute: 10")
    assert (result["outcome"], result["reason"]) == (
        "warning", "judge.threshold")
    assert "errors a minute, of kinds that are known" in result["message"]


def test_a_log_that_went_silent(log):
    os.utime(log.path, (time.time() - 7200,) * 2)
    result = log.look(", fresh_within: 1h")
    assert (result["outcome"], result["reason"]) == (
        "critical", "judge.stale")
    assert "nothing was written for 2 h 0 m" in result["message"]


def test_a_log_that_is_rotated_is_read_to_its_end(log):
    log.write("ERROR before")
    os.rename(log.path, f"{log.path}.1")
    log.write("ERROR after")
    result = log.look()
    assert result["attributes"]["lines"] == 2
    assert result["message"] == "2 new kinds of error: ERROR before; " \
        "ERROR after"
    assert log.look()["attributes"]["lines"] == 0


def test_a_log_that_is_cut_off_is_read_from_its_beginning(log):
    log.write("a long line that is not there any more")
    log.look()
    log.path.write_text("ERROR x\n")
    assert log.look()["message"] == "1 new kind of error: ERROR x"


def test_an_unfinished_line_waits_for_its_end(log):
    log.write("ERR", end="")
    assert log.look()["attributes"]["lines"] == 0
    log.write("OR here")
    assert log.look()["message"] == "1 new kind of error: ERROR here"


def test_garbage_and_endless_lines_are_survived(log):
    with open(log.path, "ab") as file:
        file.write(os.urandom(1 << 20).replace(b"\n", b"."))
        file.write(b"\0\xff\n" + b"x" * (1 << 20) + b" ERROR far\nERROR y\n")
    result = log.look()
    assert result["message"] == "1 new kind of error: ERROR y"


def test_what_is_too_much_is_passed_over_and_told(log):
    with open(log.path, "ab") as file:
        for _ in range(64):
            file.write(b"x" * 1048575 + b"\n")
        file.write(b"ERROR at the end\n")
    result = log.look()
    assert result["message"] == "1 new kind of error: ERROR at the end"
    assert result["attributes"]["skipped_bytes"] > 32 << 20


@pytest.mark.parametrize("name,why", [
    ("missing.log", "No such file or directory"),
    ("/tmp", "a directory, no log: name a file in it"),
    ("/dev/null", "no log but a pipe, a device or the like"),
])
def test_a_file_that_is_no_log(probing, name, why):
    result = probing.one("log", f"{{file: {name}}}")
    assert (result["outcome"], result["reason"]) == (
        "critical", "open.missing")
    assert result["message"].endswith(f"{name}: {why}")


def test_a_memory_that_is_damaged_is_a_first_run(log):
    (log.probing.directory / "probe-p.state").write_text("junk")
    log.write("ERROR x")
    assert log.look()["reason"] == "judge.skipped"


JOURNAL = """#!/bin/sh
# Stands in for journalctl: says what it was asked, and where it is.
for word; do case $word in
  --after-cursor=*) from=${word#*=};; esac; done
tail -n +$((${from:-0} + 1)) __LINES__
echo "-- cursor: $(wc -l <__LINES__)"
echo "$@" >__ASKED__
"""


@pytest.fixture(name="journal")
def fixture_journal(probing):
    """Lines of a unit; journalctl is a script in a namespace of ours."""
    lines, script = (probing.directory / name for name in ("lines", "jctl"))
    script.write_text(JOURNAL.replace("__LINES__", str(lines)).replace(
        "__ASKED__", str(probing.directory / "asked")))
    script.chmod(0o755)
    probing.prefix += ["unshare", "--map-root-user", "--mount", "sh", "-c",
                       f"mount --bind {script} /usr/bin/journalctl && exec "
                       "\"$@\"", "sh"]
    return lines


def test_a_journal_goes_on_where_it_was(probing, journal):
    journal.write_text("started\n")
    first = probing.one("log", "{unit: app.service}")
    with open(journal, "a", encoding="utf-8") as file:
        file.write("ERROR x\n")
    second = probing.one("log", "{unit: app.service}")
    third = probing.one("log", "{unit: app.service}")
    assert (first["outcome"], first["attributes"]["lines"]) == ("ok", 1)
    assert second["message"] == "1 new kind of error: ERROR x"
    assert (third["outcome"], third["attributes"]["lines"]) == ("ok", 0)
    asked = (probing.directory / "asked").read_text()
    assert "--unit app.service --after-cursor=2" in asked


MACHINE = "0123456789abcdef0123456789abcdef"
ENTRY = """__REALTIME_TIMESTAMP={at}
__MONOTONIC_TIMESTAMP={at}
_BOOT_ID=00000000000000000000000000000001
_MACHINE_ID={machine}
_SYSTEMD_UNIT={unit}
MESSAGE={message}

"""


class RealJournal:
    """A journal as systemd writes it, read by the machine's journalctl."""

    def __init__(self, probing):
        folder = probing.directory / "journal"
        (folder / MACHINE).mkdir(parents=True)
        self.file = folder / MACHINE / "system.journal"
        self.at = 1767607200000000
        machine = probing.directory / "machine-id"
        machine.write_text(MACHINE + "\n")
        probing.prefix += [
            "unshare", "--map-root-user", "--mount", "sh", "-c",
            "mount -t tmpfs none /var/log && mkdir /var/log/journal && "
            f"mount --bind {folder} /var/log/journal && "
            f"mount --bind {machine} /etc/machine-id && exec \"$@\"", "sh"]

    def add(self, unit, message):
        """One more entry, later than the others."""
        self.at += 1000000
        subprocess.run(
            ["/lib/systemd/systemd-journal-remote", "-o", self.file, "-"],
            input=ENTRY.format(at=self.at, machine=MACHINE, unit=unit,
                               message=message), text=True, check=True,
            stderr=subprocess.DEVNULL)


def test_a_real_journal_is_read_from_where_it_was(probing):
    """Of this unit alone; each entry once; a new kind of error is one."""
    journal = RealJournal(probing)
    journal.add("app.service", "started")
    journal.add("other.service", "ERROR not ours")
    first = probing.one("log", "{unit: app.service}")
    journal.add("app.service", "ERROR cannot reach 10.0.0.7")
    journal.add("other.service", "ERROR not ours either")
    second = probing.one("log", "{unit: app.service}")
    third = probing.one("log", "{unit: app.service}")
    assert (first["outcome"], first["attributes"]["lines"]) == ("ok", 1)
    assert second["outcome"] != "ok" and second["attributes"]["lines"] == 1
    assert "ERROR cannot reach" in second["message"]
    assert "not ours" not in second["message"]
    assert (third["outcome"], third["attributes"]["lines"]) == ("ok", 0)


def test_a_journal_that_cannot_be_read_is_unknown(probing, journal):
    journal.write_text("")
    (probing.directory / "jctl").write_text(
        "#!/bin/sh\necho no permission >&2; exit 1\n")
    result = probing.one("log", "{unit: app.service}")
    assert (result["outcome"], result["reason"]) == (
        "unknown", "read.internal")
    assert result["message"] == "journalctl: no permission"


@pytest.mark.parametrize("settings,complaint", [
    ("{}", "5:10: probes[0].log: must have exactly one of file and unit"),
    ("{unit: '-x'}", "5:17: probes[0].log.unit: not the name of a unit of "
     "systemd"),
    ("{file: f, errors: ['(']}", "5:29: probes[0].log.errors[0]: not an "
     "extended regular expression: "),
    ("{file: f, ignore: ['']}", "5:29: probes[0].log.ignore[0]: an empty "
     "pattern matches all"),
    ("{file: f, severity: bad}", "5:30: probes[0].log.severity: not a "
     "severity: write critical or warning"),
    ("{file: f, fresh_within: 1}", "5:34: probes[0].log.fresh_within: "),
])
def test_a_bad_log_is_a_complaint(probing, settings, complaint):
    assert probing.complaint(
        f"  - name: p\n    log: {settings}\n").startswith(complaint)
