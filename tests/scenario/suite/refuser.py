#!/usr/bin/python3
"""refuser.py ADDRESS PORT STATUS - answers every question of DNS with a status:
SERVFAIL, REFUSED or NXDOMAIN."""
import socket
import struct
import sys

STATUS = {"SERVFAIL": 2, "NXDOMAIN": 3, "REFUSED": 5}
RESPONSE, RECURSION_AVAILABLE = 0x8000, 0x0080
HEADER_BYTES = 12


def answer(question, status):
    """The header and the question as they came, with the status."""
    number, flags = struct.unpack("!HH", question[:4])
    end = HEADER_BYTES
    while question[end]:
        end += question[end] + 1
    return struct.pack("!HHHHHH", number, flags | RESPONSE |
                       RECURSION_AVAILABLE | STATUS[status], 1, 0, 0, 0) + \
        question[HEADER_BYTES:end + 5]


def main():
    """Until it is killed."""
    address, port, status = sys.argv[1:4]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((address, int(port)))
        while True:
            question, client = server.recvfrom(512)
            if len(question) > HEADER_BYTES:
                server.sendto(answer(question, status), client)


if __name__ == "__main__":
    main()
