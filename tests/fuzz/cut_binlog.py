#!/usr/bin/env python3
"""Makes seeds for the corpora out of a server's binlog file: cut_binlog.py BINLOG

events/  each kind of event once, and the file's beginning as packets
rows/    each table map with the row events behind it
"""
import hashlib
import pathlib
import struct
import sys

FORMAT_DESCRIPTION, TABLE_MAP = 15, 19
ROWS = {23, 24, 25, 30, 31, 32, 39, 166, 167, 168, 169, 170, 171}
corpus = pathlib.Path(__file__).parent / "corpus"


def events_of(data):
    at, checksums = 4, True
    while at + 19 <= len(data):
        kind, size = data[at + 4], struct.unpack_from("<I", data, at + 9)[0]
        event = data[at:at + size]
        if kind == FORMAT_DESCRIPTION:
            checksums = event[-5] == 1
        elif checksums:
            event = event[:9] + struct.pack("<I", size - 4) + event[13:-4]
        yield kind, event
        at += size


def write(target, data):
    folder = corpus / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / hashlib.sha1(data).hexdigest()[:12]).write_bytes(data)


def main():
    data = pathlib.Path(sys.argv[1]).read_bytes()
    seen, table, packets = set(), b"", b""
    for number, (kind, event) in enumerate(events_of(data)):
        if kind not in seen and len(event) < 4096:
            seen.add(kind)
            write("events", b"\0" + event)
        if number < 8:
            packets += struct.pack("<I", len(event) + 1)[:3] + bytes([number]) + b"\0" + event
        if kind == TABLE_MAP:
            table = event
        elif kind in ROWS and len(table + event) < 4096:
            write("rows", b"\0" + table + event)
    write("events", b"\2" + packets)


main()
