"""groups.py - control groups (version 1) of a world: what processes may use."""
import pathlib

from stage import wait_for

from .network import Missing

CONTROLLERS = pathlib.Path("/sys/fs/cgroup")
GROUPS = CONTROLLERS / "memory"
MEMORY_BYTES = 384 * 1024 * 1024  # of both replicas and the agent beside them
PERIOD_US = 100_000  # in which a share of the processor is counted


def remove(folder):
    """Those in a group have ended, or are about to."""
    def is_gone():
        try:
            folder.rmdir()
        except FileNotFoundError:
            pass
        except OSError:
            return False  # somebody is in it
        return True
    wait_for(f"the end of those in {folder}", is_gone)


class MemoryGroup:
    """A control group whose memory is limited (cgroup v1)."""

    def __init__(self, name):
        self.folder = GROUPS / f"vedette-{name}"

    @staticmethod
    def is_possible():
        """Has this machine such groups?"""
        probe = GROUPS / "vedette-probe"
        try:
            probe.mkdir(exist_ok=True)
            (probe / "memory.limit_in_bytes").write_text("64M")
            probe.rmdir()
        except OSError:
            return False
        return True

    def make(self):
        """With the usual limit."""
        self.folder.mkdir(exist_ok=True)
        self.limit(MEMORY_BYTES)

    def limit(self, size_bytes):
        """Whether the kernel could do it, with those that are in it."""
        try:
            (self.folder / "memory.limit_in_bytes").write_text(
                f"{size_bytes}\n")
        except OSError:
            return False
        return True

    def usage(self):
        """In bytes, without what can be dropped."""
        used = int((self.folder / "memory.usage_in_bytes").read_text())
        for line in (self.folder / "memory.stat").read_text().splitlines():
            name, value = line.split()
            if name in ("total_inactive_file", "total_active_file"):
                used -= int(value)
        return used

    def prefix(self):
        """To run in it."""
        return ("sh", "-c", 'echo $$ > "$0" && exec "$@"',
                str(self.folder / "cgroup.procs"))

    def remove(self):
        """Those in it must have ended."""
        remove(self.folder)


class Group:
    """A group of another controller: cpu, pids."""

    def __init__(self, controller, name):
        self.controller = controller
        self.folder = CONTROLLERS / controller / f"vedette-{name}"

    def make(self, percent=None, count=None):
        """So many percent of one processor, or so many processes."""
        try:
            self.folder.mkdir(exist_ok=True)
            if percent is not None:
                (self.folder / "cpu.cfs_period_us").write_text(
                    f"{PERIOD_US}\n")
                (self.folder / "cpu.cfs_quota_us").write_text(
                    f"{round(PERIOD_US * percent / 100)}\n")
            if count is not None:
                (self.folder / "pids.max").write_text(f"{count}\n")
        except OSError:
            raise Missing(f"cgroup-{self.controller}") from None

    def add(self, pids):
        """Processes; those that they start are in it as well."""
        for pid in pids:
            try:
                (self.folder / "cgroup.procs").write_text(f"{pid}\n")
            except ProcessLookupError:
                pass  # it has ended

    def lift(self):
        """Whoever is in it may do what others may."""
        if self.controller == "cpu":
            (self.folder / "cpu.cfs_quota_us").write_text("-1\n")
        else:
            (self.folder / "pids.max").write_text("max\n")

    @staticmethod
    def remove_all(name):
        """Those of a name; who was in them must have ended."""
        for controller in ("cpu", "pids"):
            for folder in (CONTROLLERS / controller).glob(f"vedette-{name}*"):
                remove(folder)
