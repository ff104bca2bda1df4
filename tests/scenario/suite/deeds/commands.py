"""commands.py - command lines of a scenario, run as they stand.

They run in the namespace that the text names, with the world's programs
first on the PATH, and can write nowhere but into the world: every other
volume is mounted read-only for them.
"""
import hashlib
import os
import pathlib
import re
import stat
import subprocess

from stage import POSTGRES, as_postgres

from suite.deeds.frame import Frame, Undone

SOON_S = 10  # a command that has not ended by then runs beside the scenario
# Nothing but the world may be written to, no device is there but those that
# hold nothing, and neither the clock nor the kernel can be changed.
CLOSED = """\
set -e
mount --rbind "$0" "$0"
cd "$0"
for place in sysrq-trigger irq sys/abi sys/debug sys/dev sys/fs sys/kernel \\
    sys/user sys/vm; do
	test -e "/proc/$place" || continue
	mount --bind "/proc/$place" "/proc/$place"
	mount -o remount,bind,ro "/proc/$place"
done
mount -t tmpfs -o size=64k,mode=755 none /dev
for node in null:3 zero:5 full:7 random:8 urandom:9; do
	mknod -m 666 "/dev/${node%:*}" c 1 "${node#*:}"
done
ln -s /proc/self/fd /dev/fd
while read -r _ where type _; do
	case $where in
	"$0"|"$0"/*|/dev|/etc/hosts|/etc/resolv.conf|/proc*) continue;;
	esac
	mount -o remount,bind,ro "$where" 2>/dev/null || test ! -w "$where"
done </proc/self/mounts
exec setpriv --bounding-set -sys_time,-sys_boot,-sys_module,-sys_rawio "$@"
"""
TOOLS = {
    "psql": """\
case " $* " in
*" -U postgres "*|*" -h "*|*"://"*|*"--host"*) ;;
*" -U "*) set -- -h "$PGADDRESS" "$@";;
esac
exec {bin}/psql -X -v ON_ERROR_STOP=1 "$@"
""",
    "pg_ctl": 'exec {postgres} {bin}/pg_ctl -l "$PGHOST/pg_ctl.log" "$@"\n',
    "nginx": 'exec /usr/sbin/nginx -p "$PLACE" -e "$PLACE/nginx-error.log" '
             '-c "$PLACE/nginx.conf" "$@"\n',
    "sleep": 'exec /bin/sleep "$(awk "BEGIN {{ print ${{1%s}} / {pace} }}")"'
             "\n",
    # Of processes, those of the place alone.
    "pgrep": """\
mine=" $(ip netns pids "$NETNS" | tr '\\n' ' ')"
found=1
for pid in $(/usr/bin/pgrep "$@"); do
	case $mine in
	*" $pid "*) test "$pid" = "$PPID" || {{ echo "$pid"; found=0; }};;
	esac
done
exit $found
""",
    "pidof": 'pgrep -x "$1" | tr "\\n" " "\n',
    "pkill": """\
signal=-TERM
case $1 in
-[0-9A-Z]*) signal=$1; shift;;
-s|--signal) signal=-$2; shift 2;;
esac
kill "$signal" $(pgrep "$@")
""",
    "killall": 'pkill "$@"\n',
    "vedette": 'exec {cli} --collector {url} "$@"\n',
}
VOLATILE = (".log", ".pid", ".new", ".json")


class Commands(Frame):
    """Commands that nobody translated."""

    def do_shell(self, command, place=None, env="stg"):
        """A command line; it must succeed and change something."""
        names = {name: str(value) for name, value in
                 self.placeholders().items() if not name.startswith("<")}
        text = command
        for name, value in self.placeholders().items():
            if name.startswith("<"):
                text = text.replace(name, str(value))
        left = re.search(r"<[a-z][\w ./-]*\w>", text)
        if left:
            raise Undone(f"nobody knows what {left[0]} is")
        folders = [pathlib.Path(names[name]) for name in ("STG", "PRD")
                   if name in names and f"${{{name}}}" in command]
        is_touched = re.search(r"\btouch\b", command) is not None
        before = [listing(folder, is_touched) for folder in folders]
        program, log = self.start_command(text, place or "ops", env, names)
        try:
            program.wait(SOON_S)
        except subprocess.TimeoutExpired:
            self.hold(f"command {command}", program)
            return
        if "PGDATA" in command:  # what root left there is the server's
            self.own_data()
        if program.returncode != 0:
            raise Undone(f"{command}: ended with {program.returncode}: "
                         f"{log.read_text(errors='replace')[-300:].strip()}")
        if folders and before == [listing(folder, is_touched)
                                  for folder in folders]:
            raise Undone(f"{command}: changed nothing")

    def start_command(self, text, place, env, names):
        """(program, the file of its words)"""
        namespace = self.world.ns(place)
        label = f"command-{next(self.numbers)}"
        key = env if env in ("stg", "prd") else "stg"
        database = self.world.env(key).database
        environment = dict(os.environ) | names | {
            "PATH": f"{self.tools()}:{os.environ['PATH']}:/usr/sbin:/sbin",
            "PGHOST": str(database.socket), "PGPORT": str(database.port),
            "PGADDRESS": str(self.world.ns(f"{key}-db").addr),
            "PGUSER": "postgres", "PGDATABASE": database.name,
            "PGPASSFILE": str(self.passwords()),
            "PLACE": str(self.world.env(key).folder),
            "NETNS": namespace.name}
        program = namespace.popen(
            ["sh", "-c", CLOSED, self.world.folder, "sh", "-euc", text],
            name=label, environment=environment)
        return program, self.world.folder / f"{label}.log"

    def own_data(self):
        """A server reads its files as its own user."""
        for database in self.world.databases():
            subprocess.run(["chown", "-R", "postgres:", database.data],
                           check=False)

    def tools(self):
        """The folder of the world's programs."""
        folder = self.world.folder / "tools"
        if folder.exists():
            return folder
        folder.mkdir()
        known = {
            "bin": POSTGRES, "pace": self.pace, "cli": self.world.stage.cli,
            "url": self.world.stage.url, "postgres": " ".join(
                as_postgres(self.world.folder / "tools"))}
        for name, body in TOOLS.items():
            (folder / name).write_text("#!/bin/sh\n" + body.format(**known))
            (folder / name).chmod(0o755)
        return folder

    def passwords(self):
        """Of the roles, as libpq reads them."""
        path = self.world.folder / "pgpass"
        if not path.exists():
            of = self.world.env("stg").database.password_of
            lines = [f"*:*:*:{role}:{of(role)}"
                     for role in ("batch", "vedette_probe")]
            lines += [f"{self.world.ns(f'{env}-db').addr}:*:*:app:"
                      f"{self.world.env(env).password}"
                      for env in ("stg", "prd")]
            path.touch(mode=0o600)
            path.write_text("\n".join(lines) + "\n")
        return path


def listing(folder, with_times):
    """What is in a folder, but for what a service writes all the time."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.suffix in VOLATILE or path.parent.name == "export" or \
                path.name.startswith("nginx-") or path.name in (
                    "filling", "clock"):
            continue
        try:
            about = path.lstat()
        except FileNotFoundError:
            continue
        content = b"" if not stat.S_ISREG(about.st_mode) else \
            hashlib.sha256(path.read_bytes()).digest()
        found.append((str(path), about.st_mode, about.st_uid, content,
                      about.st_mtime_ns if with_times else 0))
    return found
