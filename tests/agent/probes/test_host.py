"""host probes: this host, small disks in a namespace, and trees of files."""
import os
import pathlib
import signal
import subprocess

import pytest

# A disk of 4 MiB with 64 inodes, in a namespace that ends with the probe.
DISK = "mount -t tmpfs -o size=4m,nr_inodes=64 disk {path}; "


def disk(probing, more=""):
    """A small disk of our own; its path."""
    path = probing.directory / "disk"
    path.mkdir()
    probing.prefix += ["unshare", "--map-root-user", "--mount", "sh", "-c",
                       DISK.format(path=path) + more.format(path=path) +
                       'exec "$@"', "sh"]
    return path


def test_this_host_says_how_it_is(probing):
    result = probing.one("host", "{memory: {warning: 100}}")
    assert result["outcome"] in ("ok", "warning", "critical")
    assert list(result["phases"]) == ["read", "disks", "judge"]
    said, facts = result["attributes"], result["facts"]
    assert 0 < said["memory_used_percent"] < 100
    assert 0 <= said["disk_used_percent:/"] <= 100
    used = os.statvfs("/")
    assert abs(said["disk_left_bytes:/"] -
               used.f_bavail * used.f_frsize) < 1 << 30
    assert facts["host/p/kernel"]["value"] == os.uname().release
    assert facts["host/p/cpus"]["value"] == str(os.cpu_count())
    assert facts["host/p/oom_kills"]["value"] != ""
    assert facts["host/p/boot"]["source"] == "process"


def test_a_disk_with_room_is_ok(probing):
    path = disk(probing)
    result = probing.one(
        "host", f"{{disks: [{{path: {path}, mount: true}}]}}")
    assert (result["outcome"], result["message"]) == ("ok", "")
    assert result["attributes"][f"disk_left_bytes:{path}"] == 4 << 20


@pytest.mark.parametrize("limits,outcome", [
    ("", "warning"),  # 85 and 95 when nobody says
    (", warning: 50, critical: 80", "critical"),
    (", warning: 95, critical: 99", "ok"),
])
def test_a_disk_that_fills_up(probing, limits, outcome):
    path = disk(probing, "head -c 3600K /dev/zero >{path}/file; ")
    result = probing.one("host", f"{{disks: [{{path: {path}{limits}}}]}}")
    assert result["outcome"] == outcome
    if outcome != "ok":
        assert result["reason"] == "judge.threshold"
        assert f"disk {path}: 87.9 % used, 496.0 KiB left" in \
            result["message"]


def test_a_disk_without_inodes_is_full(probing):
    path = disk(probing, "for i in $(seq 63); do : >{path}/$i; done 2>&-; ")
    result = probing.one("host", f"{{disks: [{{path: {path}}}]}}")
    assert (result["outcome"], result["reason"]) == (
        "critical", "judge.threshold")
    assert f"inodes of {path}: 100.0 % used, 0 left" in result["message"]


def test_what_is_critical_is_told_first(probing):
    path = disk(probing, "head -c 3600K /dev/zero >{path}/file; ")
    result = probing.one(
        "host", f"{{disks: [{{path: {path}}}, {{path: {path}, warning: 10, "
        "critical: 20}]}")
    assert result["outcome"] == "critical"
    assert result["message"].count(f"disk {path}: 87.9 %") == 2


def test_a_disk_that_is_not_mounted_is_missed(probing):
    result = probing.one(
        "host", f"{{disks: [{{path: {probing.directory}, mount: true}}]}}")
    assert (result["outcome"], result["reason"]) == (
        "critical", "disks.missing")
    assert "nothing is mounted there" in result["message"]


def test_a_disk_that_is_not_there_is_missed(probing):
    result = probing.one("host", "{disks: [{path: /nonexistent}]}")
    assert (result["outcome"], result["reason"]) == (
        "critical", "disks.missing")
    assert "No such file or directory" in result["message"]


PROC = {
    "meminfo": "MemTotal: 1000 kB\nMemAvailable: {available} kB\n",
    "loadavg": "0.50 {load} 2.50 1/99 7\n",
    "stat": "cpu 1 2\ncpu0 1\ncpu1 1\n",
    "sys/fs/file-nr": "{files} 0 1000\n",
    "self/cgroup": "0::/\n",
    "self/mountinfo": "{mountinfo}",
    "cg/cgroup.controllers": "memory\n",
    "cg/memory.max": "1000\n",
    "cg/memory.current": "{group}\n",
    "cg/memory.stat": "inactive_file 0\n",
    "cg/pids.max": "100\n",
    "cg/pids.current": "{pids}\n",
}
CALM = {"available": 900, "load": 0.1, "files": 5, "group": 100, "pids": 1,
        "mountinfo": "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"}


def tree(probing, **changes):
    """A host by its files; the settings of a probe of it."""
    for name, text in PROC.items():
        path = probing.directory / "proc" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(**{**CALM, **changes}))
    return "proc: proc, cgroup: proc/cg, disks: [{path: /, warning: 100, " \
        "critical: 100}]"


@pytest.mark.parametrize("changes,more,outcome,message", [
    ({}, "", "ok", ""),
    ({"available": 80}, "", "warning", "memory: 92.0 % used, 80.0 KiB left"),
    ({"available": 10}, "", "critical", "memory: 99.0 % used"),
    ({"group": 960}, "", "critical",
     "memory of the control group: 96.0 % of 1000 B used"),
    ({"files": 990}, "", "critical",
     "descriptors: 990 of 1000 in use on this host"),
    ({"pids": 90}, "", "warning", "processes of the control group: 90 of 100"),
    ({"load": 99.0}, "", "ok", ""),
    ({"load": 9.0}, ", load: {warning: 200, critical: 400}", "critical",
     "load: 9.00 over 5 minutes, for 2 processors"),
    ({"available": 80, "files": 990}, "", "critical",
     "descriptors: 990 of 1000 in use on this host; memory: 92.0 % used, "
     "80.0 KiB left"),
])
def test_what_the_message_names(probing, changes, more, outcome, message):
    result = probing.one("host", f"{{{tree(probing, **changes)}{more}}}")
    assert result["outcome"] == outcome
    assert message in result["message"]
    assert result["attributes"]["cgroup_memory_used_percent"] > 0
    assert result["facts"]["host/p/cgroup_memory_bytes"]["value"] == "1000"


def test_a_host_that_cannot_be_read_is_unknown(probing):
    result = probing.one("host", "{proc: nowhere}")
    assert (result["outcome"], result["reason"]) == (
        "unknown", "read.internal")
    assert "nowhere/meminfo" in result["message"]


def test_a_file_system_of_another_host_is_asked_from_a_program(probing):
    path = probing.directory / "far"
    path.mkdir()
    settings = tree(probing, mountinfo=(
        "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
        f"30 22 0:30 / {path} rw - nfs4 server:/x rw\n"))
    settings = settings.replace(
        "disks: [", f"disks: [{{path: {path}, mount: true, warning: 100, "
        "critical: 100}, ")
    result = probing.one("host", f"{{{settings}}}")
    assert result["outcome"] == "ok"
    assert result["attributes"][f"disk_used_percent:{path}"] > 0
    assert result["attributes"]["disk_used_percent:/"] > 0


def test_a_server_of_files_that_hangs_does_not_hang_the_agent(probing):
    path = probing.directory / "far"
    path.mkdir()
    (probing.directory / "stat").write_text("#!/bin/sh\nexec sleep 600\n")
    (probing.directory / "stat").chmod(0o755)
    settings = tree(probing, mountinfo=(
        f"30 22 0:30 / {path} rw - nfs4 server:/x rw\n")).replace(
            "path: /,", f"path: {path},")
    probing.prefix += ["unshare", "--map-root-user", "--mount", "sh", "-c",
                       f"mount --bind {probing.directory}/stat /usr/bin/stat "
                       "&& exec \"$@\"", "sh"]
    result = probing.one("host", f"{{{settings}}}", "timeout: 700ms")
    assert (result["outcome"], result["reason"]) == (
        "critical", "disks.timeout")
    assert result["censored"]
    assert result["message"] == \
        f"disk {path} (nfs4): no answer within 700 ms: does its server live?"


# --- killed for want of memory ---------------------------------------------------

BOOT = "sys/kernel/random/boot_id"


def counts(probing, host, group, boot="b1"):
    """A host by its files, where so many were killed; settings of a probe."""
    settings = tree(probing)
    for name, text in (("vmstat", f"nr_free 1\noom_kill {host}\n"),
                       ("cg/memory.events", f"oom 9\noom_kill {group}\n"),
                       (BOOT, f"{boot}\n")):
        path = probing.directory / "proc" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return settings


def kill_results(probing, *histories, more=""):
    """(outcome, reason, message) of one run after the other."""
    for history in histories:
        result = probing.one("host", f"{{{counts(probing, *history)}{more}}}")
        yield result["outcome"], result["reason"], result["message"]


def test_a_kill_is_told_by_the_runs_after_it(probing):
    first, second, third, fourth = kill_results(
        probing, (7, 2), (8, 3), (8, 3), (9, 3))
    assert first == ("ok", "", "")
    for outcome, reason, message in (second, third, fourth):
        assert (outcome, reason) == ("critical", "judge.killed")
        assert message.startswith("out of memory: the kernel killed 1 process "
                                  "of the control group, found ")
    assert "; out of memory: the kernel killed 1 process elsewhere on this " \
        "host, found " in fourth[2]


def test_a_kill_of_somebody_else_is_a_warning(probing):
    _, told = kill_results(probing, (7, 2), (9, 2))
    assert told[:2] == ("warning", "judge.killed")
    assert "killed 2 processes on this host, found" in told[2]


@pytest.mark.parametrize("words,outcome", [
    ("host: ignore", "ok"), ("host: critical", "critical"),
    ("told_for: 0s", "warning")])
def test_how_bad_a_kill_is_can_be_said(probing, words, outcome):
    *_, told = kill_results(probing, (7, 2), (9, 2),
                            more=f", oom_kills: {{{words}}}")
    assert told[0] == outcome


def test_a_kill_is_told_for_no_longer_than_is_asked(probing):
    results = kill_results(probing, (7, 2), (9, 2), (9, 2),
                           more=", oom_kills: {told_for: 0s}")
    assert [outcome for outcome, _, _ in results] == ["ok", "warning", "ok"]


def test_a_host_that_was_started_anew_counts_from_nothing(probing):
    _, told = kill_results(probing, (7, 2), (3, 0, "b2"))
    assert told[0] == "warning" and "killed 3 processes" in told[2]


def test_what_cannot_be_kept_hides_nothing(probing):
    settings = counts(probing, 7, 2)
    (probing.directory / "probe-p.state").mkdir()
    result = probing.one(
        "host", f"{{{settings}, memory: {{critical: 1}}}}")
    assert (result["outcome"], result["reason"]) == (
        "critical", "judge.threshold")
    assert "memory: 10.0 % used" in result["message"]
    assert "probe-p.state" in result["message"]


def memory_group():
    """A new control group with little memory, of either version; who belongs
    to it has to write itself into the second."""
    top = pathlib.Path("/sys/fs/cgroup")
    name = f"vedette-test-{os.getpid()}"
    for place, limit in ((top / "memory", "memory.limit_in_bytes"),
                         (top, "memory.max")):
        group = place / name
        try:
            group.mkdir()
            (group / limit).write_text("64M")
            return group
        except OSError:
            if group.exists():
                group.rmdir()
    return pytest.skip("no control group with a limit can be made here")


def test_a_process_that_the_kernel_kills(probing):
    group = memory_group()
    inside = ["sh", "-c", f"echo $$ >{group}/cgroup.procs && exec \"$@\"",
              "sh"]
    probing.prefix += inside
    settings = "{disks: [{path: /, warning: 100, critical: 100}], memory: " \
        "{critical: 100}, descriptors: {critical: 100}}"
    try:
        before = probing.one("host", settings)
        killed = subprocess.run(
            [*inside, "/usr/bin/python3", "-c", "bytearray(256 << 20)"],
            check=False, stdin=subprocess.DEVNULL, timeout=60)
        after = probing.one("host", settings)
    finally:
        group.rmdir()
    assert killed.returncode == -signal.SIGKILL
    assert before["reason"] != "judge.killed"
    assert before["attributes"]["cgroup_oom_kills"] == 0
    assert (after["outcome"], after["reason"]) == ("critical", "judge.killed")
    assert "killed 1 process of the control group, found" in after["message"]
    assert after["facts"]["host/p/cgroup_oom_kills"]["value"] == "1"


@pytest.mark.parametrize("settings,complaint", [
    ("{memory: {warning: 101}}", "5:20: probes[0].host.memory: must be at "
     "most 100, in percent"),
    ("{disks: [{path: /, warning: 99, critical: 9}]}", "5:20: "
     "probes[0].host.disks[0]: warning must be below critical: it comes "
     "first"),
    ("{disks: [{path: var}]}", "5:27: probes[0].host.disks[0].path: must be "
     "an absolute path"),
    ("{oom_kills: {host: bad}}", "5:30: probes[0].host.oom_kills.host: not a "
     "severity: write critical, warning or ignore"),
    ("{oom_kills: {told_for: soon}}", "5:34: probes[0].host.oom_kills."
     "told_for: not a duration: write a number and ms, s, m, h or d, such "
     "as 10s"),
])
def test_a_bad_limit_is_a_complaint(probing, settings, complaint):
    assert probing.complaint(
        f"  - name: p\n    host: {settings}\n") == complaint
