"""namespaces.py - what a test may change, unseen by the rest of the machine."""
import os


def own_mounts():
    """The command before one that mounts.  Those who are not root need a user
    namespace for it, which in turn is not to be had inside a chroot."""
    if os.geteuid() == 0:
        return ["unshare", "--mount"]
    return ["unshare", "--map-root-user", "--mount"]


def enter_mounts(pid):
    """The command before one that sees what process PID has mounted."""
    users = [] if os.geteuid() == 0 else ["--user"]
    return ["nsenter", "--target", str(pid), *users, "--mount"]
