// Reads a part of one binlog file with @vlasky/zongji and says how long that took:
//   node reader.js HOST PORT USER PASSWORD FILE END_POSITION GTID ROWS json
// Prints "ROWS TIMED_ROWS SECONDS CPU_SECONDS", the last three from the first row to the last.
import fs from 'node:fs';
import ZongJi from '@vlasky/zongji';

const [host, port, user, password, file, end] = process.argv.slice(2);
const kinds = {writerows: 'insert', updaterows: 'update', deleterows: 'delete'};
const out = fs.openSync('/dev/null', 'w');
let pending = '';
let rows = 0;
let started = 0n;
let startedCpu = 0;

function cpu() {
  const used = process.cpuUsage();
  return (used.user + used.system) / 1e6;
}

function flush() {
  fs.writeSync(out, pending);
  pending = '';
}

function changed(before, after) {
  const old = {};
  for (const name in before) {
    const a = before[name];
    const b = after[name];
    if (a !== b && !(a instanceof Date && b instanceof Date && +a === +b)) old[name] = a;
  }
  return old;
}

function print(event, kind) {
  const {parentSchema: database, tableName: table} = event.tableMap[event.tableId];
  const ts = event.timestamp / 1000;
  for (const row of event.rows) {
    const line = kind === 'update' ?
        {database, table, type: kind, ts, data: row.after, old: changed(row.before, row.after)} :
        {database, table, type: kind, ts, data: row};
    pending += JSON.stringify(line) + '\n';
    ++rows;
  }
  if (pending.length > 1 << 16) flush();
}

function finish(zongji) {
  flush();
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  console.log(rows, rows, seconds.toFixed(6), (cpu() - startedCpu).toFixed(6));
  zongji.stop();
  process.exit(0);
}

const zongji = new ZongJi({host, port: Number(port), user, password, dateStrings: true});
zongji.on('binlog', (event) => {
  const kind = kinds[event.getEventName()];
  if (kind !== undefined) {
    if (rows === 0) {
      started = process.hrtime.bigint();
      startedCpu = cpu();
    }
    print(event, kind);
  }
  if (rows > 0 && event.nextPosition >= Number(end)) finish(zongji);
});
zongji.on('error', (error) => {
  console.error('zongji:', error.message);
  process.exit(1);
});
zongji.start({
  serverId: 4711003,
  filename: file,
  position: 4,
  includeEvents: ['tablemap', 'writerows', 'updaterows', 'deleterows', 'xid', 'rotate'],
});
