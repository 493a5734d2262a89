"""Reads a part of one binlog file with python-mysql-replication and says how long that took:
reader.py HOST PORT USER PASSWORD FILE END_POSITION GTID ROWS json

Prints "ROWS TIMED_ROWS SECONDS CPU_SECONDS", the last three from the first row to the last.
"""
import json
import sys
import time

from pymysqlreplication import BinLogStreamReader
from pymysqlreplication.event import XidEvent
from pymysqlreplication.row_event import DeleteRowsEvent, UpdateRowsEvent, WriteRowsEvent

KINDS = {WriteRowsEvent: "insert", UpdateRowsEvent: "update", DeleteRowsEvent: "delete"}


def line_of(event, kind, row):
    line = {"database": event.schema, "table": event.table, "type": kind, "ts": event.timestamp}
    if kind == "update":
        line["data"], before = row["after_values"], row["before_values"]
        line["old"] = {name: value for name, value in before.items()
                       if value != line["data"][name]}
    else:
        line["data"] = row["values"]
    return line


def main():
    host, port, user, password, file, end, gtid, *_unused = sys.argv[1:]
    stream = BinLogStreamReader(
        connection_settings={"host": host, "port": int(port), "user": user, "passwd": password,
                             "ssl_disabled": True},
        # On MariaDB it begins at a GTID position; file names are what it then tells.
        server_id=4711002, auto_position=gtid, blocking=True, is_mariadb=True,
        only_events=[*KINDS, XidEvent],
        # The binlog names columns only with binlog_row_metadata=FULL.
        use_column_name_cache=True, enable_logging=False)
    rows = 0
    started = started_cpu = 0.0
    with open("/dev/null", "w", encoding="utf-8") as out:
        for event in stream:
            kind = KINDS.get(type(event))
            if kind:
                if not rows:
                    started, started_cpu = time.monotonic(), time.process_time()
                for row in event.rows:
                    out.write(json.dumps(line_of(event, kind, row), default=str))
                    out.write("\n")
                    rows += 1
            if rows and stream.log_file == file and stream.log_pos >= int(end):
                break
    print(rows, rows, f"{time.monotonic() - started:.6f}",
          f"{time.process_time() - started_cpu:.6f}")


if __name__ == "__main__":
    main()
