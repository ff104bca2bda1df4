"""wire.py - a proxy that keeps every byte, and reads the calls in them.

It stands between an agent and a collector, so that what was sent and what was
acknowledged is known from outside, by code that shares nothing with the
programs: nng's TCP mapping, and as much of protobuf as the envelopes need.
"""
import selectors
import socket
import struct
import threading

SP_HEADER_BYTES = 8


def fields(message):
    """Yields (number, value) of a protobuf message: ints or bytes."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7f) << shift
            if byte < 0x80:
                return value
            shift += 7

    while at < len(message):
        key = varint()
        kind = key & 7
        if kind == 0:
            yield key >> 3, varint()
        elif kind == 2:
            size = varint()
            yield key >> 3, message[at:at + size]
            at += size
        else:
            size = {1: 8, 5: 4}[kind]
            yield key >> 3, int.from_bytes(message[at:at + size], "little")
            at += size


def frames(stream):
    """Yields the whole messages in the bytes of one direction."""
    at = SP_HEADER_BYTES
    while at + 8 <= len(stream):
        size = struct.unpack(">Q", stream[at:at + 8])[0]
        if at + 8 + size > len(stream):
            return
        yield bytes(stream[at + 8:at + 8 + size])
        at += 8 + size


def payload(frame):
    """The message behind a backtrace: words up to one with its high bit."""
    at = 0
    while frame[at] < 0x80:
        at += 4
    return frame[at:at + 4], frame[at + 4:]


class Exchange:
    """One connection: both directions, as far as they came."""

    def __init__(self):
        self.sent = bytearray()
        self.received = bytearray()

    def batches(self):
        """{request: (stream, sequence, crc)} of the batches sent."""
        found = {}
        for frame in frames(self.sent):
            request, call = payload(frame)
            call = dict(fields(call))
            if call.get(2) == b"vedette.Publish/Send":
                batch = dict(fields(call.get(5, b"")))
                found[request] = (batch[3], batch[4], batch[10])
        return found

    def acknowledged(self):
        """The batches answered with OK."""
        batches = self.batches()
        for frame in frames(self.received):
            request, reply = payload(frame)
            reply = dict(fields(reply))
            if request in batches and reply.get(2, 0) == 0:
                yield batches[request]


class Recorder:
    """Listens on a port of its own and passes everything on to target."""

    def __init__(self, target_port):
        self.target_port = target_port
        self.exchanges = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.poll = selectors.DefaultSelector()
        self.poll.register(self.listener, selectors.EVENT_READ)
        self.wake, self.waker = socket.socketpair()
        self.poll.register(self.wake, selectors.EVENT_READ)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def close(self):
        """Ends all connections."""
        self.waker.send(b"x")
        self.thread.join()
        for key in list(self.poll.get_map().values()):
            key.fileobj.close()
        self.waker.close()

    def acknowledged(self):
        """The set of (stream, sequence, crc) that were acknowledged."""
        return {batch for exchange in list(self.exchanges)
                for batch in exchange.acknowledged()}

    def bytes_seen(self):
        """Everything, both ways."""
        return b"".join(bytes(exchange.sent) + b"\n" +
                        bytes(exchange.received)
                        for exchange in list(self.exchanges))

    def _run(self):
        while True:
            for key, _ in self.poll.select():
                if key.fileobj is self.wake:
                    return
                if key.fileobj is self.listener:
                    self._accept()
                else:
                    self._carry(key.fileobj, *key.data)

    def _accept(self):
        near, _ = self.listener.accept()
        try:
            far = socket.create_connection(
                ("127.0.0.1", self.target_port), 5)
        except OSError:
            near.close()
            return
        exchange = Exchange()
        self.exchanges.append(exchange)
        self.poll.register(near, selectors.EVENT_READ, (far, exchange.sent))
        self.poll.register(far, selectors.EVENT_READ,
                           (near, exchange.received))

    def _carry(self, source, sink, kept):
        try:
            some = source.recv(65536)
            sink.sendall(some)
        except OSError:
            some = b""
        kept.extend(some)
        if some:
            return
        for end in (source, sink):
            if end.fileno() >= 0 and end in self.poll.get_map():
                self.poll.unregister(end)
            end.close()
