#!/usr/bin/python3
"""relay.py DEVICE FILE - treats packets as a bad line would.

Makes the tun device DEVICE, and gives each packet that is routed into it back
to the kernel: later by delay_ms and at random by jitter_ms more or less (one
that opens a connection by connect_ms), at rate_kbit, and of so many percent:
none (loss_), twice (duplicate_), with a bit turned over (corrupt_), before
those that wait (reorder_).  FILE is JSON; SIGHUP reads it again.
"""
import fcntl
import heapq
import json
import os
import pathlib
import random
import select
import signal
import struct
import sys
import time

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454ca, 0x0001, 0x1000
TCP, SYN, ACK = 6, 0x02, 0x10
PACKET_BYTES = 65536
QUEUE_S = 0.4  # of waiting behind others at rate_kbit; more is lost
HEADER_BYTES = 40  # which stay whole: what arrives is found to be wrong


def opens(packet):
    """Is it the first of a connection (TCP, SYN and no ACK)?"""
    if len(packet) < 40 or packet[0] >> 4 != 4 or packet[9] != TCP:
        return False
    flags = packet[4 * (packet[0] & 15) + 13]
    return flags & (SYN | ACK) == SYN


class Line:
    """What waits, and until when."""

    def __init__(self):
        self.settings = {}
        self.held = []  # (when it may go on, number, packet)
        self.number = 0
        self.last = self.free_at = 0.0

    def of(self, name):
        """A setting; 0 when it is not given."""
        return float(self.settings.get(name, 0))

    def happens(self, name):
        """So many percent of the time."""
        return random.random() * 100 < self.of(f"{name}_percent")

    def take(self, packet, now):
        """A packet that came in."""
        if self.happens("loss"):
            return
        if self.happens("corrupt") and len(packet) > HEADER_BYTES:
            turned = bytearray(packet)
            turned[random.randrange(HEADER_BYTES, len(packet))] ^= 0x10
            packet = bytes(turned)
        if self.of("rate_kbit"):
            begin = max(now, self.free_at)
            if begin - now > QUEUE_S:
                return
            self.free_at = begin + len(packet) * 8 / (
                1000 * self.of("rate_kbit"))
            now = self.free_at
        due = now + (self.of("connect_ms") / 1000 if opens(packet) else 0)
        if not self.happens("reorder"):
            due += (self.of("delay_ms") + random.uniform(-1, 1) *
                    self.of("jitter_ms")) / 1000
            # None overtakes another, as in a cable that became longer.
            due = self.last = max(due, self.last)
        for _ in range(2 if self.happens("duplicate") else 1):
            self.number += 1
            heapq.heappush(self.held, (due, self.number, packet))

    def ready(self, now):
        """Those that may go on."""
        while self.held and self.held[0][0] <= now:
            yield heapq.heappop(self.held)[2]


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
    line = Line()
    print("ready", flush=True)
    while True:
        wait_s = max(0, line.held[0][0] - time.monotonic()) \
            if line.held else None
        ready, _, _ = select.select([tun, changed], [], [], wait_s)
        if changed in ready:
            os.read(changed, 4096)
            line.settings = json.loads(file.read_text())
        if tun in ready:
            line.take(os.read(tun, PACKET_BYTES), time.monotonic())
        for packet in line.ready(time.monotonic()):
            os.write(tun, packet)


if __name__ == "__main__":
    main()
