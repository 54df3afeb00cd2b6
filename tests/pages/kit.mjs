// What the parts of the browser suite share: a demo city that serves, its people, a case brought to a state, and hands
// that type, tap and press keys and count what they did.
import {cpSync, existsSync} from 'node:fs';

import {Program, check, freePort} from '../e2e/program.mjs';

export const pack = 'hotline-12345';
export const story = '楼道里的消防栓没有水，物业说等通知，已经拖了半个月，楼上住着好几位行动不便的老人，家里做饭都用明火，万一着火连救都没法救。请尽快派人来检修，修好以前先放几个灭火器在每层楼道里，并且告诉我们哪一天能修好，谢谢你们。如果需要有人开门，白天我都在家，随时可以打电话。';

// The city lives on one day, so that deadlines, strips and notes of holidays read alike on every day the suite runs:
// 2026-11-23, a Monday, from ten in the morning in China. What is prepared beforehand happens half an hour earlier: the
// messages that wait until a hand-over can no longer be taken back have gone out by ten.
const faketime = ['/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1', '/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1', '/usr/lib/faketime/libfaketimeMT.so.1'].find(existsSync);
export const steadyDay = !!faketime;
export const morning = '2026-11-23T10:00:00+08:00', before = '2026-11-23T09:30:00+08:00';
function clockAt(instant) {
  if (!faketime || !instant) return {};
  const at = new Date(instant), two = (n) => String(n).padStart(2, '0');  // libfaketime reads local time
  return {LD_PRELOAD: faketime, FAKETIME_DONT_FAKE_MONOTONIC: '1', FAKETIME: `@${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}:00`};
}

let model;  // the demo city as it is made; each part takes a copy
export function forgetModel() { model?.remove(); model = undefined; }

export class City extends Program {
  constructor({at = morning} = {}) {
    super();
    this.at = at;  // null: the real clock
    this.clock = clockAt(at);
  }
  // Only the program sees the city's clock.
  timed(work) {
    const kept = {...process.env};
    Object.assign(process.env, this.clock);
    try { return work(); } finally { for (const key of Object.keys(this.clock)) if (key in kept) process.env[key] = kept[key]; else delete process.env[key]; }
  }
  run(...words) { return this.timed(() => super.run(...words)); }
  async start(...flags) {
    // The port is looked for first: the program starts before the first wait inside.
    this.port ??= await freePort();
    await this.timed(() => super.start(...flags));
  }
  async now() { return new Date((await this.ask('GET', '/healthz')).headers.get('date')); }
  // Starts serving: a copy of the city `from` (which must have stopped), or of the demo city.
  async open({from, limits = false, flags = []} = {}) {
    if (!from && !model) {
      const made = new City({at: this.at ? before : null});
      const done = made.run('demo', '--no-serve');
      if (done.code !== 0) throw new Error(`demo: ${done.err}`);
      made.passwords = Object.fromEntries([...done.out.matchAll(/^ {2}(\S+)\t(\S+)\t/gm)].map((m) => [m[1], m[2]]));
      made.tokens = {};
      model = made;
    }
    const source = from ?? model;
    cpSync(source.data, this.data, {recursive: true});
    this.passwords = source.passwords;
    this.tokens = {...source.tokens};
    await this.start(...(limits ? [] : ['--api-lift-rate-limits', 'yes']), ...flags);
    return this;
  }
  // The token of a person (accounts are called as the register calls the people, without p-).
  as(name) {
    if (!this.tokens[name]) {
      if (this.passwords[name]) {
        const made = this.run('user', 'token', name, '--days', '1');
        if (made.code !== 0) throw new Error(`user token: ${made.err}`);
        this.tokens[name] = made.out.trim();
      } else this.tokens[name] = this.token(name, `p-${name}`);
    }
    return this.tokens[name];
  }
  async file(more = {}) {
    const body = {title: '消防栓没水', content: story, kind: 'help', division: '渝中区', address: '民权路18号', phone: '13800001234', name: '顾梅', ...more};
    const filed = await this.ask('POST', `/api/v1/packs/${pack}/request`, {body});
    if (filed.status !== 201) throw new Error(`filing: ${filed.text}`);
    return {...filed.json, version: filed.headers.get('etag')};
  }
  async act(found, who, action, body = {}) {
    const seen = await this.ask('GET', `/api/v1/cases/${found.id}`, {token: this.as(who)});
    const done = await this.ask('POST', `/api/v1/cases/${found.id}/actions/${action}`, {body, token: this.as(who), headers: {'If-Match': seen.headers.get('etag')}});
    if (done.status !== 200) throw new Error(`${who} ${action}: ${done.status} ${done.text}`);
  }
  // The same by the citizen who filed it, with her number and code.
  async actAsCaller(found, action, body = {}) {
    const tracked = await this.ask('POST', '/api/v1/trackings', {body: {number: found.number, code: found.tracking_code}});
    const token = tracked.json.token;
    const seen = await this.ask('GET', `/api/v1/cases/${found.id}`, {token});
    const done = await this.ask('POST', `/api/v1/cases/${found.id}/actions/${action}`, {body, token, headers: {'If-Match': seen.headers.get('etag')}});
    if (done.status !== 200) throw new Error(`caller ${action}: ${done.status} ${done.text}`);
  }
  // Brings a case as far as the named act.
  async bring(found, as_far_as) {
    const acts = [
      ['zhangsan', 'accept', {kind: 'help', area: 'society', subject: 'planning', scope: 'local', nature: 'ordinary'}],
      ['wangwu', 'dispatch', {lead: 'yuzhong-gov'}],
      ['lisi', 'hand_down', {handler: 'yuzhong-planning'}],
      ['zhaoliu', 'reply', {answer: '消防栓已经修好，水压正常，每层已放灭火器。', told_at: '', way: 'phone'}],
      ['lisi', 'review', {passed: true, note: '属实'}],
    ];
    const until = acts.findIndex(([, action]) => action === as_far_as);
    const from = acts.findIndex(([, action]) => action === found.at) + 1;
    for (const [who, action, body] of acts.slice(from, until + 1)) {
      // The server tells its time in whole seconds; the answer was given after the hand-over.
      if (action === 'reply') { await new Promise((done) => setTimeout(done, 1100)); body.told_at = (await this.now()).toISOString(); }
      await this.act(found, who, action, body);
    }
    found.at = as_far_as;
  }
  portal(path = '') { return `${this.url}/portal/${path}`; }
  desk(path = '') { return `${this.url}/desk/${path}`; }
  // Signs in over HTTP in the page's own context, so that the cookie is the browser's.
  async signIn(page, name) {
    await page.goto(this.desk('sign-in'));
    await page.locator('input[name=username]').fill(name);
    await page.locator('input[name=password]').fill(this.passwords[name]);
    await page.locator('form.signin button[type=submit]').click();
    await page.waitForURL(/\/desk\/(inbox|call|cases|pool|board|admin)/);
  }
  async halt() { if (this.process?.exitCode === null && this.process.signalCode === null) await this.stop(); }
  async close() {
    await this.halt();
    this.remove();
  }
}

// What a tab keeps after a citizen proved that the case is hers: her ticket, and how far the browser's clock is off.
export async function ticketOf(city, filed) {
  const tracked = await city.ask('POST', '/api/v1/trackings', {body: {number: filed.number, code: filed.tracking_code}});
  const ticket = {token: tracked.json.token, expires: tracked.json.expires_at};
  return {tickets: JSON.stringify({cases: {[filed.number]: ticket}}), clock: String((await city.now()).getTime() - Date.now())};
}
export async function keepTicket(page, city, filed) {
  await page.addInitScript(({tickets, clock}) => { sessionStorage.setItem('tongban.tickets', tickets); localStorage.setItem('tongban.clock', clock); }, await ticketOf(city, filed));
}

// A person at a page. `keys: true` uses the keyboard alone; `speed` is in characters a second, 0 for as fast as it goes.
export class Hands {
  constructor(page, {keys = false, speed = 0} = {}) {
    Object.assign(this, {page, keyboard: keys, speed, keys: 0, clicks: 0});
  }
  async press(key) { ++this.keys; await this.page.keyboard.press(key); }
  async reach(target) {
    await target.waitFor({state: 'attached'});
    const here = () => target.evaluate((one) => one === document.activeElement);
    for (let i = 0; i < 90; ++i) {
      if (await here()) return;
      const group = await target.evaluate((one) => one.type === 'radio' && document.activeElement?.type === 'radio' && document.activeElement.name === one.name);
      await this.press(group ? 'ArrowDown' : 'Tab');
    }
    throw new Error(`the keyboard does not reach ${target}`);
  }
  async hit(target) {
    if (!this.keyboard) { ++this.clicks; await target.click(); return; }
    await this.reach(target);
    if (await target.evaluate((one) => one.type === 'radio' || one.type === 'checkbox')) {
      if (!(await target.isChecked())) await this.press('Space');
    } else await this.press('Enter');
  }
  async choose(radio) {
    if (this.keyboard) return this.hit(radio);
    ++this.clicks;
    await radio.check({force: true});
  }
  async write(target, text) {
    if (this.keyboard) await this.reach(target);
    else { ++this.clicks; await target.click(); }
    await this.type(text);
  }
  async type(text) {
    for (const one of text) { ++this.keys; await this.page.keyboard.insertText(one); if (this.speed) await this.page.waitForTimeout(1000 / this.speed); }
  }
  // An entry of a register: some letters, then the first hit.
  async entry(target, text) {
    await this.write(target, text);
    await this.page.locator('[role=option]').first().waitFor();
    await this.press('Enter');
  }
}

// Runs one part so that a failure in it does not hide the others.
export async function part(name, work) {
  const begun = Date.now();
  try { await work(); } catch (error) { check(`${name} comes to its end`, false, error.stack?.split('\n').slice(0, 6).join(' | ')); }
  console.log(`${name}: ${((Date.now() - begun) / 1000).toFixed(1)} s`);
}
