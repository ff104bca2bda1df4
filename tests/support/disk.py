"""disk.py - a small disk of a test's own, that can really be full.

A tmpfs mounted where only the programs on it see it, in a mount namespace
(and, for those who are not root, a user namespace) of its own.  A machine that
allows neither fails the test: nothing is skipped.
"""
from stage import wait_for
from support.namespaces import enter_mounts, own_mounts


class Disk:
    """A small disk on a folder of a stage, gone when the stage stops."""

    def __init__(self, stage, name, size):
        self.stage = stage
        self.name = name
        (stage.directory / name).mkdir(mode=0o700)
        self.holder = stage.start("disk", [
            *own_mounts(), "sh", "-c",
            f"mount -t tmpfs -o size={size},mode=0700 tmpfs {name}"
            " && echo ready && exec tail -f /dev/null"])
        wait_for("the disk", lambda: "ready" in stage.log("disk"), self.holder)
        self.enter = [*enter_mounts(self.holder.pid),
                      f"--wdns={stage.directory}"]

    def seen(self, path):
        """Where we, who are not on it, find a file of it."""
        return f"/proc/{self.holder.pid}/root{self.stage.directory}/" \
            f"{self.name}/{path}"

    def fill(self):
        """To the last byte."""
        self.stage.run(*self.enter, "sh", "-c", "head -c 64M /dev/zero "
                       f">{self.name}/filling 2>/dev/null || :")

    def make_room(self):
        """As it was."""
        self.stage.run(*self.enter, "rm", f"{self.name}/filling")

    def grow(self, size):
        """More room than there was."""
        self.stage.run(*self.enter, "mount", "-o", f"remount,size={size}",
                       self.name)
