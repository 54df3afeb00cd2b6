// The program under test: a data folder of its own, a port of its own, its command line and its HTTP face.
import {spawn, spawnSync} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

const binary = path.resolve(process.env.TONGBAN_BINARY ?? 'build/release/tongban');

// A free port below 32768: above, the system gives ports to outgoing connections, and ours might be taken meanwhile.
export async function freePort() {
  for (let i = 0; i < 200; ++i) {
    const port = 20000 + Math.floor(Math.random() * 12000);
    const free = await new Promise((resolve) => {
      const probe = net.createServer();
      probe.once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
    if (free) return port;
  }
  throw new Error('no free port');
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
  // Between two starts another program may take the port: then a free one is looked for once more.
  async start(...flags) {
    try {
      return await this.startOnce(...flags);
    } catch (fault) {
      if (!/already in use/.test(fault.message)) throw fault;
      this.port = undefined;
      return this.startOnce(...flags);
    }
  }
  async startOnce(...flags) {
    this.port ??= await freePort();
    const words = ['serve', '--data', this.data, '--port', String(this.port), ...flags];
    this.process = spawn(binary, words, {stdio: ['ignore', 'pipe', 'pipe'], env: {...process.env, TONGBAN_PACKS: path.resolve('packs')}});
    this.ended = new Promise((resolve) => this.process.once('exit', (code, signal) => resolve(signal ?? code)));
    this.process.stderr.on('data', (piece) => { this.log += piece; });
    await new Promise((resolve, reject) => {
      let said = '';
      this.process.stdout.on('data', (piece) => {
        said += piece;
        if (said.includes('listens on')) resolve();
      });
      this.ended.then((why) => reject(new Error(`the server ended with ${why}: ${this.log}`)));
    });
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
