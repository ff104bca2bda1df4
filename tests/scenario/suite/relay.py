#!/usr/bin/python3
"""relay.py DEVICE FILE - holds every packet for the milliseconds in FILE.

Makes the tun device DEVICE, and gives each packet that is routed into it back
to the kernel so much later.  SIGHUP reads FILE again.
"""
import collections
import fcntl
import os
import pathlib
import select
import signal
import struct
import sys
import time

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454ca, 0x0001, 0x1000
PACKET_BYTES = 65536


def main():
    """Until it is told to stop."""
    file = pathlib.Path(sys.argv[2])
    tun = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack(
        "16sH", sys.argv[1].encode(), IFF_TUN | IFF_NO_PI))
    changed, written = os.pipe()
    os.set_blocking(written, False)
    signal.set_wakeup_fd(written)
    signal.signal(signal.SIGHUP, lambda *_: None)
    delay_s = 0.0
    held = collections.deque()  # (when it may go on, packet), in order
    print("ready", flush=True)
    while True:
        wait_s = max(0, held[0][0] - time.monotonic()) if held else None
        ready, _, _ = select.select([tun, changed], [], [], wait_s)
        if changed in ready:
            os.read(changed, 4096)
            delay_s = float(file.read_text()) / 1000
        if tun in ready:
            packet = os.read(tun, PACKET_BYTES)
            # None overtakes another, as in a cable that became longer.
            due = max(time.monotonic() + delay_s,
                      held[-1][0] if held else 0.0)
            held.append((due, packet))
        while held and held[0][0] <= time.monotonic():
            os.write(tun, held.popleft()[1])


if __name__ == "__main__":
    main()
