"""publisher.py - speaks to a collector as an agent would, in plain Python.

nng's REQ protocol over TCP, TLS or a Unix socket, and as much of protobuf as
batches need; shares no code with the programs.
"""
import pathlib
import socket
import ssl
import struct
import time

from wire import fields

SP_REQ = b"\0SP\0\0\x30\0\0"
OK, INVALID_ARGUMENT, PERMISSION_DENIED = 0, 3, 7
RESOURCE_EXHAUSTED, ABORTED = 8, 10
UNIMPLEMENTED, UNAVAILABLE, DATA_LOSS = 12, 14, 15
WORKSTATION, IN_SERVICE = 0, 1
OUTCOMES = {"ok": 0, "warning": 1, "critical": 2, "unknown": 3}
REFUSED = 2  # enum reason


def varint(number):
    """Seven bits a byte, the lowest first."""
    number &= (1 << 64) - 1
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7f | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def number(field, value):
    """A varint field; 0 is left out, as proto3 does."""
    return varint(field << 3) + varint(value) if value else b""


def signed(field, value):
    """A sint64 field."""
    return number(field, (value << 1) ^ (value >> 63))


def block(field, value):
    """A text, bytes or message field."""
    if isinstance(value, str):
        value = value.encode()
    return varint(field << 3 | 2) + varint(len(value)) + value


def crc32c_table():
    """Castagnoli, reflected."""
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82f63b78 if byte & 1 else 0)
        yield byte


CRC32C = list(crc32c_table())


def crc32c(data):
    """Of bytes."""
    crc = 0xffffffff
    for byte in data:
        crc = CRC32C[(crc ^ byte) & 0xff] ^ crc >> 8
    return crc ^ 0xffffffff


def now_ms():
    """Wall clock."""
    return time.time_ns() // 1_000_000


def series(probe, service="backend", vantage=IN_SERVICE, interval_ms=1000):
    """A Series message."""
    return (block(1, service) + block(2, probe) + block(3, "tcp") +
            number(4, vantage) + number(5, interval_ms) +
            block(6, "resolve") + block(6, "connect"))


def result(index, at_ms, base_ms, outcome="ok", message=""):
    """A Result message."""
    phases = varint(0) + varint(3200)
    return (number(1, index) + signed(2, at_ms - base_ms) + number(3, 3200) +
            number(4, 900) + number(5, OUTCOMES[outcome]) +
            number(7, 0 if outcome == "ok" else REFUSED) +
            block(8, phases) + (block(9, message) if message else b""))


def fact(name, value, at_ms, base_ms, service="backend"):
    """A Fact message; value None is an absent one."""
    return (block(1, service) + block(2, name) +
            (b"" if value is None else block(3, value)) +
            signed(6, at_ms - base_ms))


def content(rows, facts=(), vantage=IN_SERVICE, service="backend"):
    """A Content message; rows are (probe, at_ms, outcome[, message])."""
    probes = list(dict.fromkeys(row[0] for row in rows))
    times = [row[1] for row in rows] + [at for _, _, at in facts]
    base_ms = min(times, default=now_ms())
    out = number(1, base_ms)
    for probe in probes:
        out += block(2, series(probe, service, vantage))
    for probe, at_ms, *rest in rows:
        out += block(3, result(probes.index(probe), at_ms, base_ms, *rest))
    for name, value, at_ms in facts:
        out += block(4, fact(name, value, at_ms, base_ms))
    return out


class Publisher:
    """One agent's connection; one call at a time."""

    def __init__(self, target, environment="staging", agent="stg-1",
                 stream=1, tls=None, heartbeat_ms=10_000):
        self.environment, self.agent = environment, agent
        self.stream, self.sequence = stream, 0
        self.heartbeat_ms = heartbeat_ms
        self.request = 0x80000000
        self.is_ipc = isinstance(target, (str, pathlib.Path))
        if self.is_ipc:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(60)
            self.socket.connect(str(target))
        else:
            self.socket = socket.create_connection(("127.0.0.1", target), 60)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket,
                                          server_hostname="localhost")
        self.socket.sendall(SP_REQ)
        if self._receive(8)[:4] != b"\0SP\0":
            raise ConnectionError("not an SP peer")

    def close(self):
        """Ends the connection."""
        self.socket.close()

    def _receive(self, n):
        out = b""
        while len(out) < n:
            some = self.socket.recv(n - len(out))
            if not some:
                raise ConnectionError("closed by the collector")
            out += some
        return out

    def send_frame(self, body):
        """A whole message, whatever it is."""
        lead = b"\x01" if self.is_ipc else b""
        self.socket.sendall(lead + struct.pack(">Q", len(body)) + body)

    def receive_frame(self):
        """The next whole message."""
        if self.is_ipc:
            self._receive(1)
        return self._receive(struct.unpack(">Q", self._receive(8))[0])

    def call(self, method, payload):
        """Returns {field: value} of the Reply."""
        self.request += 1
        self.send_frame(struct.pack(">I", self.request) +
                        number(1, self.request) + block(2, method) +
                        number(3, 30_000) + block(5, payload))
        return dict(fields(self.receive_frame()[4:]))

    def batch(self, body, sequence, crc=None, vantage=IN_SERVICE, waiting=0):
        """A Batch message around a Content."""
        return (block(1, self.environment) + block(2, self.agent) +
                varint(3 << 3 | 1) + struct.pack("<Q", self.stream) +
                number(4, sequence) + number(5, now_ms()) +
                number(6, time.monotonic_ns() // 1_000_000) +
                number(7, self.heartbeat_ms) + number(8, waiting) +
                block(9, body) + varint(10 << 3 | 5) +
                struct.pack("<I", crc32c(body) if crc is None else crc) +
                number(11, vantage) + block(12, "test"))

    def send(self, body, sequence=None, **more):
        """Sends a batch, the next one unless said otherwise; returns
        (status, message of a refusal, stored before)."""
        if sequence is None:
            self.sequence += 1
            sequence = self.sequence
        reply = self.call("vedette.Publish/Send",
                          self.batch(body, sequence, **more))
        ack = dict(fields(reply.get(5, b"")))
        return (reply.get(2, OK), reply.get(3, b"").decode(),
                bool(ack.get(2, 0)))


def tls_client(authority, name):
    """A TLS context with the certificate NAME of an Authority."""
    context = ssl.create_default_context(
        cafile=str(authority.directory / "ca.pem"))
    context.load_cert_chain(authority.directory / f"{name}.pem",
                            authority.directory / f"{name}.key")
    return context
