// The program under test: a data folder of its own, a port of its own, its command line and its HTTP face.
import {spawn, spawnSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

const binary = path.resolve(process.env.TONGBAN_BINARY ?? 'build/release/tongban');

// A free port below 32768: above, the system gives ports to outgoing connections, and ours might be taken meanwhile.
// TONGBAN_PORTS=FIRST-LAST narrows the range where several runs share a machine.
const [firstPort, lastPort] = (process.env.TONGBAN_PORTS ?? '20000-31999').split('-').map(Number);
export async function freePort() {
  for (let i = 0; i < 200; ++i) {
    const port = firstPort + Math.floor(Math.random() * (lastPort - firstPort + 1));
    const free = await new Promise((resolve) => {
      const probe = net.createServer();
      probe.once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
    if (free) return port;
  }
  throw new Error('no free port');
}

// What a process has done so far: processor time, bytes read and written. Empty once it is gone.
function done(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')')).split(' ').slice(12, 14).join(' ') + readFileSync(`/proc/${pid}/io`, 'utf8');
  } catch { return ''; }
}

// Ends a process that does nothing any more. A limit on the clock would also end one that works on a slow or busy
// machine; here only looks count (one a second of our own running) between which it neither computed nor read nor wrote.
const idleLooks = 300;
function endIfIdle(child, because) {
  let last = '', idle = 0;
  const look = setInterval(() => {
    const now = done(child.pid);
    idle = now === last ? idle + 1 : 0;
    last = now;
    if (idle >= idleLooks) { because(`nothing done in ${idle} looks`); child.kill('SIGKILL'); }
  }, 1000);
  child.once('close', () => clearInterval(look));
  return () => clearInterval(look);
}

export class Program {
  constructor() {
    this.root = mkdtempSync(path.join(os.tmpdir(), 'tongban-e2e-'));
    this.data = path.join(this.root, 'data');
    this.log = '';
  }
  run(...words) {
    const done = spawnSync(binary, [...words, '--data', this.data], {encoding: 'utf8', cwd: this.root, env: {...process.env, TONGBAN_PACKS: path.resolve('packs')}, timeout: 300_000});
    return {code: done.status, out: done.stdout, err: done.error ? `${done.stderr}${done.error.message}` : done.stderr};   // such as: took too long
  }
  // The same without a limit by the clock, for what may take minutes on a busy machine.
  async runPatiently(...words) {
    const child = spawn(binary, [...words, '--data', this.data], {stdio: ['ignore', 'pipe', 'pipe'], cwd: this.root, env: {...process.env, TONGBAN_PACKS: path.resolve('packs')}});
    let out = '', err = '';
    child.stdout.on('data', (piece) => { out += piece; });
    child.stderr.on('data', (piece) => { err += piece; });
    endIfIdle(child, (why) => { err += why; });
    return new Promise((resolve) => child.once('close', (code) => resolve({code, out, err})));
  }
  // Between two starts another program may take the port: then another free one is looked for.
  async start(...flags) {
    for (let tries = 1; ; ++tries) {
      try {
        return await this.startOnce(...flags);
      } catch (fault) {
        if (!/already in use/.test(fault.message) || tries === 20) throw fault;
        this.port = undefined;
      }
    }
  }
  async startOnce(...flags) {
    this.port ??= await freePort();
    const words = ['serve', '--data', this.data, '--port', String(this.port), ...flags];
    this.process = spawn(binary, words, {stdio: ['ignore', 'pipe', 'pipe'], env: {...process.env, TONGBAN_PACKS: path.resolve('packs')}});
    this.ended = new Promise((resolve) => this.process.once('exit', (code, signal) => resolve(signal ?? code)));
    let said = '', complaints = '';
    this.process.stderr.on('data', (piece) => { this.log += piece; complaints += piece; });
    const rest = endIfIdle(this.process, (why) => { complaints += why; });
    await new Promise((resolve, reject) => {
      this.process.stdout.on('data', (piece) => {
        said += piece;
        if (said.includes('listens on')) resolve();
      });
      // Only once its streams are closed has it said everything: at its exit the reason may still be on the way.
      this.process.once('close', (code, signal) => reject(new Error(`the server ended with ${signal ?? code}: ${complaints}`)));
    });
    rest();
  }
  async stop(signal = 'SIGTERM') {
    this.process.kill(signal);
    return this.ended;
  }
  get url() { return `http://127.0.0.1:${this.port}`; }
  async ask(method, where, {body, token, headers = {}} = {}) {
    const response = await fetch(this.url + where, {
      method,
      headers: {...(body === undefined ? {} : {'Content-Type': 'application/json'}), ...(token ? {Authorization: `Bearer ${token}`} : {}), ...headers},
      body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await response.text();
    let json;
    try { json = JSON.parse(text); } catch { json = undefined; }
    return {status: response.status, headers: response.headers, text, json};
  }
  // An account for a person of the register, through a set-up link as an administrator gives it; its token.
  token(name, person) {
    const added = this.run('user', 'add', name, '--person', person);
    if (added.code !== 0) throw new Error(`user add: ${added.err}`);
    const made = this.run('user', 'token', name, '--days', '1');
    if (made.code !== 0) throw new Error(`user token: ${made.err}`);
    return made.out.trim();
  }
  remove() { rmSync(this.root, {recursive: true, force: true}); }
}

let passed = 0, failed = 0;
export function check(name, holds, seen) {
  if (holds) { ++passed; return; }
  ++failed;
  console.log(`FAILED ${name}${seen === undefined ? '' : ': ' + (typeof seen === 'string' ? seen : JSON.stringify(seen)).slice(0, 600)}`);
}
export function finish() {
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

// The whole of a run: its program stops and its folder goes, however it ends.
export async function play(run) {
  const program = new Program();
  try {
    await run(program);
  } catch (error) {
    check('the run comes to its end', false, error.stack);
  } finally {
    if (program.process && program.process.exitCode === null && program.process.signalCode === null) await program.stop('SIGKILL');
    program.remove();
  }
  finish();
}
