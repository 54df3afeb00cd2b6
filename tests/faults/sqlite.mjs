// The database's file seen from outside the program, through the sqlite3 command.
import {spawnSync} from 'node:child_process';

export class Database {
  constructor(file) { this.file = file; }
  run(sql) {
    const done = spawnSync('sqlite3', [this.file, sql], {encoding: 'utf8'});
    if (done.status !== 0) throw new Error(`sqlite3: ${done.error?.message ?? done.stderr}`);
    return done.stdout.trim();
  }
  // The stored bytes of the last appends, in order; `position` is that of the first event in them.
  lastEvents() {
    return this.run('SELECT position, hex(bytes) FROM (SELECT * FROM ledger ORDER BY position DESC LIMIT 20) ORDER BY position').split('\n').map((line) => {
      const [position, hex] = line.split('|');
      return {position: Number(position), bytes: Buffer.from(hex, 'hex')};
    });
  }
  raiseVersion() { this.run('PRAGMA user_version = 9999'); }
}
