// The real program on a data folder of its own, for the suites faults and contract: its command line, its server, and
// an HTTP client that can also send what no client should (wrong bytes, half a body). No dependencies.
import {spawn, spawnSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync} from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';

const root = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '../..');
export const binary = path.resolve(process.env.TONGBAN_BINARY ?? path.join(root, 'build/release/tongban'));
export const scratch = mkdtempSync(path.join(os.tmpdir(), 'tongban-faults-'));

const environment = (more = {}) => {
  const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^TONGBAN_/.test(name) && !/_proxy$/i.test(name)));
  return {...clean, TONGBAN_PACKS: path.join(root, 'packs'), ...more};
};

const running = new Set();
const endings = [];
export const atEnd = (task) => endings.push(task);
export function cleanUp() {
  for (const child of running) child.kill('SIGKILL');
  for (const task of endings.splice(0).reverse()) {
    try { task(); } catch (fault) { console.log(`    cleaning up: ${fault.message}`); }
  }
  rmSync(scratch, {recursive: true, force: true});
}
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => { cleanUp(); process.exit(1); });

export const wait = (ms) => new Promise((done) => setTimeout(done, ms));
// Asks until `holds` says yes; the last answer, or an error after `ms`.
export async function until(what, holds, ms = 10_000) {
  const end = Date.now() + ms;
  for (;;) {
    const answer = await holds();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await wait(25);
  }
}

// One request. The answer has status, headers, text, json (undefined where it is none).
export function ask(base, method, where, {token, cookie, body, raw, headers = {}, timeout = 20_000} = {}) {
  return new Promise((resolve, reject) => {
    const bytes = raw ?? (body === undefined ? undefined : Buffer.from(JSON.stringify(body)));
    const request = http.request(new URL(where, base), {
      method, agent: false, timeout,
      headers: {
        ...(bytes === undefined ? {} : {'Content-Type': 'application/json', 'Content-Length': bytes.length}),
        ...(token ? {Authorization: `Bearer ${token}`} : {}), ...(cookie ? {Cookie: cookie} : {}), ...headers,
      },
    });
    let answered = false;
    request.on('response', (response) => {
      answered = true;
      const pieces = [];
      response.on('data', (piece) => pieces.push(piece));
      const end = () => {
        const text = Buffer.concat(pieces).toString();
        let json;
        try { json = JSON.parse(text); } catch { json = undefined; }
        resolve({status: response.statusCode, headers: response.headers, text, json});
      };
      response.on('end', end);
      response.on('aborted', end);
    });
    request.on('timeout', () => request.destroy(new Error('no answer in time')));
    // A server that refuses a long body early may close before all is sent; its answer counts.
    request.on('error', (fault) => { if (!answered) setTimeout(() => (answered ? undefined : reject(fault)), 200); });
    request.end(bytes);
  });
}

export class Site {
  constructor(name, {folder = path.join(scratch, name), env = {}} = {}) {
    Object.assign(this, {name, folder, env, tokens: {}, log: path.join(scratch, `${name}.log`)});
    mkdirSync(path.dirname(folder), {recursive: true});
  }
  cli(...words) {
    const done = spawnSync(binary, [...words, '--data', this.folder], {encoding: 'utf8', env: environment(this.env), timeout: 60_000});
    return {code: done.status, out: done.stdout, err: done.stderr};
  }
  init() {
    const made = this.cli('init');
    if (made.code !== 0) throw new Error(`init: ${made.err}`);
    this.setUpLink = /code: (\w+)/.exec(made.out)[1];
    return this;
  }
  async start({flags = ['--api-lift-rate-limits', 'yes'], port = 0, env = this.env} = {}) {
    this.child = spawn(binary, ['serve', '--data', this.folder, '--port', String(port), '--log', this.log, ...flags], {stdio: ['ignore', 'pipe', 'pipe'], env: environment(env)});
    running.add(this.child);
    this.said = '';
    const child = this.child;
    this.ended = new Promise((resolve) => child.once('exit', (code, signal) => { running.delete(child); resolve(signal ?? code); }));
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => (this.said += piece));
    const over = this.ended.then((code) => ({code}));
    const ready = until('the server listens', () => /listens on (\S+?)\/? \(/.exec(this.said), 20_000).then((match) => ({url: match[1]}));
    ready.catch(() => {});
    const first = await Promise.race([ready, over]);
    if (!first.url) throw new Error(`the server ended with ${first.code}: ${this.said}`);
    this.url = first.url;
    return this;
  }
  // What `serve` says when it cannot start.
  serveFails(...flags) {
    const done = spawnSync(binary, ['serve', '--data', this.folder, '--port', '0', ...flags], {encoding: 'utf8', env: environment(this.env), timeout: 15_000});
    return {code: done.status, out: done.stdout, err: done.stderr};
  }
  async stop(signal = 'SIGTERM') {
    this.child.kill(signal);
    return this.ended;
  }
  ask(method, where, more) { return ask(this.url, method, where, more); }
  get(where, who, more = {}) { return this.ask('GET', where, {...(who ? {token: this.tokens[who] ?? who} : {}), ...more}); }
  post(where, body, who, more = {}) { return this.ask('POST', where, {body, ...(who ? {token: this.tokens[who] ?? who} : {}), ...more}); }

  // An API token for each person of the demo world (packs/chongqing/positions.csv), by the short name.
  people(...names) {
    for (const name of names) {
      const added = this.cli('user', 'add', name, '--person', `p-${name}`);
      if (added.code !== 0) throw new Error(`user add ${name}: ${added.err}`);
      this.tokens[name] = this.cli('user', 'token', name, '--label', 'test').out.trim();
    }
    return this;
  }

  // Files a request as a citizen; the answer with id, number, version, tracking_code.
  async file(more = {}, key = undefined) {
    const answer = await this.post('/api/v1/packs/hotline-12345/request', {...request(), ...more}, undefined, key ? {headers: {'Idempotency-Key': key}} : {});
    if (answer.status !== 201) throw new Error(`filing: ${answer.status} ${answer.text}`);
    return answer.json;
  }
  async version(id, who) { return (await this.get(`/api/v1/cases/${id}`, who)).headers.etag; }
  // Takes an action on the version that the person sees now.
  async act(id, name, who, body = {}, headers = {}) {
    const etag = headers['If-Match'] ?? (await this.version(id, who)) ?? '"v1"';
    return this.post(`/api/v1/cases/${id}/actions/${name}`, body, who, {headers: {'If-Match': etag, ...headers}});
  }
  async must(id, name, who, body = {}) {
    const answer = await this.act(id, name, who, body);
    if (answer.status !== 200) throw new Error(`${name} by ${who}: ${answer.status} ${answer.text}`);
    return answer.json;
  }
  // A request that waits at the handler (渝中区城市管理局): accepted, dispatched, handed down.
  async handled(more = {}) {
    const made = await this.file(more);
    await this.must(made.id, 'accept', 'zhangsan', accept());
    await this.must(made.id, 'dispatch', 'wangwu', {lead: 'yuzhong-gov'});
    await this.must(made.id, 'hand_down', 'lisi', {handler: 'yuzhong-urban'});
    return made;
  }
}

export const staff = ['zhangsan', 'wangwu', 'lisi', 'heqing', 'qianqi', 'zhoujiu', 'baifan'];
export const request = () => ({title: '站台路灯不亮', content: '站台的路灯三个晚上不亮。', kind: 'complaint', division: '渝中区', address: '两路口街道演示站', phone: '19900002001', name: '演示人'});
export const accept = () => ({kind: 'complaint', area: 'services', subject: 'urban', scope: 'local', nature: 'ordinary'});
export const reply = (answer = '电缆接头已修复。') => ({answer, told_at: new Date().toISOString(), way: 'phone'});

// Every file below a folder, with its bytes.
export function* filesBelow(folder) {
  for (const entry of readdirSync(folder, {withFileTypes: true})) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(file);
    else if (entry.isFile() && statSync(file).size > 0) yield [file, readFileSync(file)];
  }
}

// --- the report ---
let passed = 0, failed = 0;
export function expect(what, holds, seen = '') {
  if (!holds) throw new Error(`${what}; seen: ${(typeof seen === 'string' ? seen : JSON.stringify(seen) ?? '').slice(0, 900)}`);
}
export function same(what, seen, wanted) {
  const [a, b] = [JSON.stringify(seen), JSON.stringify(wanted)];
  if (a !== b) throw new Error(`${what} should be ${b}, is ${a}`);
}
// A refusal: status, code, and words of the sentence that people get.
export function refused(answer, status, code, ...words) {
  const problem = answer.json ?? {};
  expect(`${status} ${code} is expected`, answer.status === status && problem.code === code && problem.status === status, `${answer.status} ${answer.text}`);
  expect('a refusal is application/problem+json', /^application\/problem\+json/.test(answer.headers['content-type']), answer.headers);
  for (const word of words) expect(`the sentence should say ${word}`, `${problem.title} ${problem.detail} ${problem.instead ?? ''} ${JSON.stringify(problem.fields ?? '')} ${JSON.stringify(problem.conditions ?? '')}`.includes(word), answer.text);
  return problem;
}
const only = process.argv[2];
export async function test(name, body) {
  if (only && !name.includes(only)) return;
  const start = Date.now();
  try {
    await body();
    ++passed;
    console.log(`ok ${name} (${Date.now() - start} ms)`);
  } catch (fault) {
    ++failed;
    console.log(`FAILED ${name}: ${fault.message}${fault.message.includes('seen') || fault.message.includes('should') ? '' : '\n' + fault.stack}`);
  }
}
export const skip = (name, why) => console.log(`skipped ${name}: ${why}`);
export function finish() {
  cleanUp();
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed === 0 && passed > 0 ? 0 : 1);
}
