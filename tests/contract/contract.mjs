// The description of the API is held to account: linted, its examples checked, and every step of a request's life sent
// through a proxy that compares requests and answers with it. What the description forbids to send goes through a second
// proxy that lets it pass and reports; there, only the request may be at fault, never the answer.
import {spawn} from 'node:child_process';
import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import net from 'node:net';
import path from 'node:path';
import {accept, ask, atEnd, expect, finish, refused, reply, request, same, scratch, Site, staff, test, until} from '../faults/site.mjs';

const require = createRequire(import.meta.url);
const {lintFromString, createConfig} = require('@redocly/openapi-core');

const site = await new Site('contract').init().start();
site.people(...staff);
const document = (await site.get('/openapi.json')).json;

// --- the proxies ---

// Prism needs absolute servers; the program's own says "/", wherever it runs.
const absolute = {...document, servers: [{url: site.url}]};
const freePort = () => new Promise((resolve) => {
  const probe = net.createServer().listen(0, '127.0.0.1', () => { const {port} = probe.address(); probe.close(() => resolve(port)); });
});
const prism = require.resolve('@stoplight/prism-cli/dist/index.js');
async function proxyOf(description, ...flags) {
  const port = await freePort();
  const file = path.join(scratch, `openapi-${port}.json`);
  writeFileSync(file, JSON.stringify(description));
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/_proxy$/i.test(name)));
  const child = spawn(process.execPath, [prism, 'proxy', file, site.url, '--host', '127.0.0.1', '--port', String(port), '--verboseLevel', 'error', ...flags], {stdio: ['ignore', 'pipe', 'pipe'], env: {...environment, NO_UPDATE_NOTIFIER: '1'}});
  atEnd(() => child.kill('SIGKILL'));
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => (said += piece));
  const base = `http://127.0.0.1:${port}`;
  await until('the proxy listens', async () => {
    if (child.exitCode !== null) throw new Error(`prism ended: ${said}`);
    return ask(base, 'GET', '/healthz').then((a) => a.status === 200, () => false);
  }, 150_000);
  return base;
}
const proxies = Promise.all([proxyOf(absolute, '--errors'), proxyOf(absolute)]);
proxies.catch(() => {});

// --- the document ---

await test('the description has no lint findings', async () => {
  const config = await createConfig({
    extends: ['recommended-strict'],
    rules: {
      'no-invalid-media-type-examples': 'error', 'no-invalid-parameter-examples': 'error', 'no-invalid-schema-examples': 'error',
      'no-server-example.com': 'error', 'no-identical-paths': 'error', 'operation-operationId-unique': 'error', 'no-path-trailing-slash': 'error', 'path-not-include-query': 'error',
      'security-defined': 'error', 'operation-summary': 'error', 'operation-tag-defined': 'error', 'path-parameters-defined': 'error',
      'operation-4xx-response': 'error', 'operation-2xx-response': 'error', 'no-unused-components': 'error',
      'info-license-url': 'off',            // the licence is named by its SPDX identifier, as 3.1 allows
      'no-ambiguous-paths': 'off',          // /cases/searches beside /cases/{id}: a fixed part wins, and "searches" is no id
    },
  });
  const findings = await lintFromString({source: JSON.stringify(document), absoluteRef: 'openapi.json', config});
  same('findings', findings.map((f) => `${f.ruleId} ${f.location?.[0]?.pointer ?? ''}: ${f.message}`).slice(0, 20), []);
});

await test('a planted fault is found by the linter', async () => {
  const config = await createConfig({extends: ['recommended-strict'], rules: {'no-invalid-media-type-examples': 'error'}});
  const broken = structuredClone(document);
  const problem = broken.paths['/api/v1/cases'].get.responses['400'].content['application/problem+json'].examples;
  Object.values(problem)[0].value.status = 'four hundred';
  const findings = await lintFromString({source: JSON.stringify(broken), absoluteRef: 'openapi.json', config});
  expect('found', findings.some((f) => f.ruleId === 'no-invalid-media-type-examples'), findings.map((f) => f.ruleId));
});

await test('every object of the description is closed, or says that it is open', async () => {
  const open = [];
  const walk = (node, pointer) => {
    if (Array.isArray(node)) return node.forEach((child, i) => walk(child, `${pointer}/${i}`));
    if (!node || typeof node !== 'object') return;
    if (node.type === 'object' && !('additionalProperties' in node)) open.push(pointer);
    for (const [key, child] of Object.entries(node)) if (key !== 'examples' && key !== 'x-refusals') walk(child, `${pointer}/${key}`);
  };
  walk(document, '');
  same('open objects', open, []);
});

await test('every refusal of every operation has an example; every code of the sources is in the list', async () => {
  const without = [];
  for (const [where, item] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      for (const [status, response] of Object.entries(operation.responses)) {
        if (Number(status) < 400) continue;
        const examples = Object.values(response.content['application/problem+json'].examples ?? {});
        if (!examples.length || examples.some((e) => e.value.status !== Number(status))) without.push(`${method} ${where} ${status}`);
      }
    }
  }
  same('refusals without example', without, []);
  const listed = new Set(document['x-refusals'].map((r) => `${r.status} ${r.code}`));
  const used = new Set();
  const sources = path.resolve('src/http');
  for (const name of readdirSync(sources, {recursive: true})) {
    if (!/\.cc$/.test(name) || /_test\.cc$/.test(name)) continue;
    const text = readFileSync(path.join(sources, name), 'utf8');
    for (const [, status, code] of text.matchAll(/(?:refuse|problem|problem_object|Refusal)?[({](\d{3}), (?:\d{3}, )?"([a-z_]+)"/g)) used.add(`${status} ${code}`);
  }
  expect('codes are found in the sources', used.size > 25, [...used]);
  same('codes that the description lacks', [...used].filter((u) => !listed.has(u)), []);
});

// --- the journey ---

const [strict, lenient] = await proxies;
const violations = (answer) => JSON.parse(answer.headers['sl-violations'] ?? '[]');
const sent = new Map();   // operationId → statuses seen through a proxy
const patterns = Object.entries(document.paths).flatMap(([where, item]) => Object.entries(item).map(([method, operation]) => ({
  method: method.toUpperCase(), operation: operation.operationId, fixed: (where.match(/\{/g) ?? []).length,
  pattern: new RegExp(`^${where.replace(/[.]/g, '\\.').replace(/\{[^}]+\}/g, '[^/]+')}$`),
}))).sort((a, b) => a.fixed - b.fixed);
const note = (method, where, status) => {
  const found = patterns.find((p) => p.method === method && p.pattern.test(where.split('?')[0]));
  if (found) sent.set(found.operation, (sent.get(found.operation) ?? new Set()).add(status));
};
async function through(base, method, where, more = {}) {
  const answer = await ask(base, method, where, {...more, token: site.tokens[more.who] ?? more.token});
  note(method, where, answer.status);
  if (/stoplight\.io/.test(answer.json?.type ?? '')) throw new Error(`the contract is broken by ${method} ${where}; seen: ${answer.text}`);
  const bad = violations(answer).filter((v) => v.severity === 'Error' && (base === strict || v.location[0] === 'response'));
  if (bad.length) throw new Error(`the contract is broken by ${method} ${where}; seen: ${JSON.stringify(bad)}`);
  return answer;
}
const get = (where, who, more) => through(strict, 'GET', where, {who, ...more});
const post = (where, body, who, headers) => through(strict, 'POST', where, {body, who, headers});
const etagOf = async (id, who) => (await get(`/api/v1/cases/${id}`, who)).headers.etag;
async function act(id, name, who, body, token) {
  const etag = (await through(strict, 'GET', `/api/v1/cases/${id}`, {who, token})).headers.etag;
  const answer = await through(strict, 'POST', `/api/v1/cases/${id}/actions/${name}`, {who, token, body, headers: {'If-Match': etag, 'Idempotency-Key': `${id}-${name}`}});
  same(`${name} by ${who}`, [answer.status, answer.json?.detail], [200, undefined]);
  return answer.json;
}

const password = 'Vertragspartner-42';
await test('the proxy finds a planted fault: a body that the description forbids, an answer that it does not know', async () => {
  const answer = await ask(strict, 'POST', '/api/v1/packs/hotline-12345/request', {body: {...request(), unknown: 1}});
  expect('the request', answer.status === 422 && /stoplight/.test(answer.json.type), answer.text);
  // Documented is a page of cases; the path is that of the packs, whose answer has other members.
  const swapped = structuredClone(absolute);
  swapped.components.schemas.Pack = swapped.components.schemas.Token;
  const wrong = await proxyOf(swapped, '--errors');
  const broken = await ask(wrong, 'GET', '/api/v1/packs');
  expect('the answer', broken.status === 500 && /stoplight/.test(broken.json.type), broken.text);
});

await test('set-up, sign-in, who am I', async () => {
  same('set-up', (await post('/api/v1/set-ups', {link: site.setUpLink, password})).status, 204);
  const session = await post('/api/v1/sessions', {name: 'admin', password});
  same('sign-in', session.status, 201);
  site.tokens.admin = session.json.token;
  same('current', (await get('/api/v1/sessions/current', 'admin')).json.administrator, true);
  same('of a token', (await get('/api/v1/sessions/current', 'zhangsan')).json.posts[0].position, 'agent');
});

let made, caller;
await test('a request from filing to archive, every step through the contract', async () => {
  const filed = await post('/api/v1/packs/hotline-12345/request', request(), undefined, {'Idempotency-Key': 'contract-1'});
  same('filed', filed.status, 201);
  made = filed.json;
  same('once more with the key', (await post('/api/v1/packs/hotline-12345/request', request(), undefined, {'Idempotency-Key': 'contract-1'})).json, made);
  const tracked = await post('/api/v1/trackings', {number: made.number, code: made.tracking_code});
  same('tracked', [tracked.status, tracked.json.case.number], [200, made.number]);
  caller = tracked.json.token;
  same('caller\'s session', (await through(strict, 'GET', '/api/v1/sessions/current', {token: caller})).json.case, made.id);
  same('list', (await get('/api/v1/cases?to_act=true&sort=due&limit=50', 'zhangsan')).json.items[0].number, made.number);
  await act(made.id, 'accept', 'zhangsan', accept());
  const suggested = await post(`/api/v1/cases/${made.id}/suggestions/dispatch`, {}, 'wangwu');
  const lead = suggested.json.suggestions.find((s) => s.decision === 'routing').suggestion;
  await act(made.id, 'dispatch', 'wangwu', {lead: lead.lead ?? lead});
  const next = await post(`/api/v1/cases/${made.id}/suggestions/hand_down`, {}, 'lisi');
  const handler = next.json.suggestions.find((s) => s.decision === 'near_handler').suggestion;
  await act(made.id, 'hand_down', 'lisi', {handler: handler.handler ?? handler});
  await act(made.id, 'ask_extension', 'heqing', {reason: '需要订购灯具', progress: '已到现场', more: '5 工作日'});
  await act(made.id, 'extend', 'qianqi', {note: '同意'});
  await act(made.id, 'add_facts', undefined, {text: '站牌后面的灯也不亮。'}, caller);
  same('note', (await post(`/api/v1/cases/${made.id}/notes`, {text: '已约周四到场'}, 'heqing')).status, 201);
  await act(made.id, 'reply', 'heqing', reply());
  await act(made.id, 'review', 'lisi', {passed: true, note: '属实'});
  const rated = await act(made.id, 'rate', undefined, {rating: 'satisfied', remark: '谢谢'}, caller);
  same('archived', [rated.state, rated.open], ['archived', false]);
  const whole = (await get(`/api/v1/cases/${made.id}`, 'zhangsan', {headers: {'X-Purpose': encodeURIComponent('核对归档')}})).json;
  same('phone with a purpose', whole.fields.phone, request().phone);
  expect('clocks with explanation', whole.clocks.some((c) => c.segments.length === 2 && c.sentence.includes('工作日')), whole.clocks);
  same('by number', (await get(`/api/v1/cases/${made.number}`, 'zhangsan')).json.id, made.id);
  expect('story', (await get(`/api/v1/cases/${made.id}/story`, 'zhangsan')).json.story.includes('同意延期'), '');
  same('readers', (await get(`/api/v1/cases/${made.id}/readers`, 'zhangsan')).json.items.length, 1);
  same('by phone', (await post('/api/v1/cases/searches', {phone: request().phone, purpose: '再次来电'}, 'zhangsan')).json.items.length, 1);
  same('not modified', (await get(`/api/v1/cases/${made.id}`, 'zhangsan', {headers: {'If-None-Match': whole.version ? `"v${whole.version}"` : ''}})).status, 304);
});

await test('a document: uploaded past the proxy, described and read through it', async () => {
  const other = (await post('/api/v1/packs/hotline-12345/request', request())).json;
  const bytes = Buffer.from('%PDF-1.7\n演示附件\n%%EOF\n');
  const up = await site.ask('POST', `/api/v1/cases/${other.id}/documents`, {token: site.tokens.zhangsan, raw: bytes, headers: {'Content-Type': 'application/octet-stream', 'X-File-Name': encodeURIComponent('现场.pdf')}});
  same('stored', up.status, 201);
  const whole = (await get(`/api/v1/cases/${other.id}`, 'zhangsan')).json;
  same('listed', whole.documents.map((d) => [d.id, d.media_type, d.bytes]), [[up.json.document, 'application/pdf', bytes.length]]);
  const back = await site.get(`/api/v1/cases/${other.id}/documents/${up.json.document}`, 'zhangsan');
  same('read', [back.status, back.text], [200, bytes.toString()]);
  const schema = document.paths['/api/v1/cases/{id}/documents'].post.responses['201'].content['application/json'].schema;
  same('members of the answer', Object.keys(up.json).filter((k) => !(k in schema.properties)), []);
});

await test('lost property: the other pack through the same contract', async () => {
  const type = (await get('/api/v1/packs/lost-property/types/item', undefined)).json;
  same('form', type.open.form.type, 'object');
  const filled = {};
  for (const name of type.open.form.required ?? []) {
    const field = type.open.form.properties[name];
    filled[name] = field.enum ? field.enum[0] : field.format === 'date' ? '2026-11-20' : field.format === 'date-time' ? new Date(Date.now() - 3.6e6).toISOString() : field['x-register'] === 'divisions' ? '渝中区' : field.type === 'boolean' ? true : field['x-personal'] ? '19900002002' : '黑色雨伞';
  }
  site.people('dingyi');
  const answer = await post('/api/v1/packs/lost-property/item', filled, 'dingyi');
  same('filed', [answer.status, answer.json.detail], [201, undefined]);
});

await test('the public pages: the site, a telephone without a gateway, own cases, presence, lists as CSV', async () => {
  same('name', typeof (await get('/api/v1/site')).json.name, 'string');
  refused(await post('/api/v1/phone-codes', {phone: '19900002003'}), 503, 'no_messages', '编号');
  refused(await post('/api/v1/phone-sessions', {phone: '19900002003', code: '123456'}), 401, 'wrong_code', '验证码');
  refused(await get('/api/v1/my/cases', 'zhangsan'), 401, 'sign_in', '电话');
  refused(await get('/api/v1/demo/messages', 'zhangsan'), 404, 'not_found', '演示');
  const other = (await post('/api/v1/packs/hotline-12345/request', request())).json;
  const here = `/api/v1/cases/${other.id}/presence`;
  same('alone', (await through(strict, 'PUT', here, {who: 'zhangsan', body: {editing: true}})).json.others, []);
  same('two', (await through(strict, 'PUT', here, {who: 'wangwu', body: {editing: false}})).json.others.map((o) => [o.name, o.editing]), [['张三', true]]);
  same('gone', (await through(strict, 'DELETE', here, {who: 'zhangsan'})).status, 204);
  const csv = await get('/api/v1/cases.csv?open=true', 'zhangsan');
  same('csv', [csv.status, csv.text.includes(other.number)], [200, true]);
});

await test('what pages ask before and beside an act: previews, estimates, similar requests, counts, calendar', async () => {
  const one = (await post('/api/v1/packs/hotline-12345/request', {...request(), title: '小区门口路灯坏了三天没人修'})).json;
  const type = '/api/v1/packs/hotline-12345/types/request';
  // The type alone draws every form.
  const kind = (await get(type)).json.open.fields.find((f) => f.id === 'kind');
  same('a field', [kind.kind, kind.must, kind.options[0]], ['one_of', true, {id: 'consultation', title: '咨询', title_en: 'Question'}]);
  same('simple show_if', (await get(type)).json.actions.find((a) => a.id === 'refuse').fields.find((f) => f.id === 'other_unit').show_if, {field: 'unit_known', equals: true});
  const ofRate = (await get(type)).json.actions.find((a) => a.id === 'rate').fields;
  same('a list of choices', [ofRate[1].id, ofRate[1].list, ofRate[1].options.length, ofRate[1].show_if], ['reasons', true, 6, {field: 'rating', in: ['dissatisfied', 'very_dissatisfied']}]);
  // A preview answers like the act and stores nothing.
  const before = (await get(`/api/v1/cases/${one.id}`, 'zhangsan')).json;
  same('steps', before.steps.map((s) => s.state), ['now', 'ahead', 'ahead', 'ahead', 'ahead']);
  const shown = await post(`/api/v1/cases/${one.id}/previews/accept`, accept(), 'zhangsan');
  same('preview', [shown.status, shown.json.state.id, shown.json.holders[0].role], [200, 'accepted', 'dispatcher']);
  refused(await post(`/api/v1/cases/${one.id}/previews/dispatch`, {lead: 'yuzhong-gov'}, 'wangwu'), 409, 'wrong_state');
  same('nothing stored', (await get(`/api/v1/cases/${one.id}`, 'zhangsan')).json.version, before.version);
  const opening = await post(`${type}/previews`, request());
  same('opening', [opening.json.state.id, opening.json.letters.map((l) => l.to.role)], ['registered', ['caller']]);
  const [dayTold] = opening.json.letters[0].counted;
  const [year, month, day] = dayTold.counted.due_on.split('-').map(Number);
  same('the day in a letter is explained', [dayTold.function, dayTold.counted.unit, opening.json.letters[0].text.includes(`${year}年${month}月${day}日`), dayTold.sentence.includes(`至${year}年${month}月${day}日`)], ['working days after', 'working_days', true, true]);
  same('and marked when it may change', dayTold.provisional, dayTold.counted.provisional);
  refused(await post(`${type}/previews`, {...request(), phone: 'abc'}), 422, 'invalid_form');
  // An estimate names its clause; what is not known yet is asked for, not guessed.
  const estimate = (await post(`${type}/estimates`, {form: {kind: 'consultation'}})).json;
  same('limit', estimate.clocks.map((c) => [c.name, c.limit_text, c.remaining, c.basis.clause]), [['handling', '5 个工作日', 5, '第十三条（二）']]);
  same('unknown kind', (await post(`${type}/estimates`, {form: {}})).json, {clocks: [], missing: ['kind'], suggested: []});
  // Each clause of the document with what became of it.
  const clauses = (await get('/api/v1/packs/hotline-12345/clauses')).json.items;
  same('the document in its order', clauses.slice(0, 2).map((c) => c.id), ['第一条', '第二条']);
  same('a clause and its clock', clauses.find((c) => c.id === '第十三条（一）').rules.find((r) => r.kind === 'clock').title, '流转至具体承办单位');
  expect('each has a rule, a reason, or parts that have', clauses.every((c) => c.rules.length || c.left || clauses.some((d) => d.id !== c.id && d.id.startsWith(c.id))), clauses.filter((c) => !c.rules.length && !c.left).map((c) => c.id));
  refused(await get('/api/v1/packs/nosuchpack/clauses'), 404, 'not_found');
  // English words are known by words, not by letters.
  const words = async (title) => (await post(`${type}/estimates`, {form: {title}})).json.suggested.map((h) => [h.field, h.value]);
  same('in English', await words('The BUS did not come'), [['subject', 'transport']]);
  same('no word inside another', await words('Our business'), []);
  // Strangers learn that there is one, staff which.
  const like = {form: {title: '门口路灯坏了没人修', division: request().division, subject: request().subject}};
  const stranger = (await post(`${type}/similar`, like)).json.items, staffs = (await post(`${type}/similar`, like, 'zhangsan')).json.items;
  expect('found', stranger.length > 0, stranger);
  same('nothing of it', Object.keys(stranger[0]).filter((k) => ['number', 'id', 'title'].includes(k)), []);
  expect('staff see the number', staffs.some((s) => s.number === one.number), staffs);
  same('another matter', (await post(`${type}/similar`, {form: {...like.form, title: '咨询居住证怎么办理'}})).json.items.filter((s) => s.title === one.title), []);
  // Counts agree with the list, at once after a change.
  const counts = (more = '') => get(`/api/v1/cases/counts?holder=unit:hotline${more}`, 'zhangsan').then((a) => a.json);
  const listed = async (more = '') => (await get(`/api/v1/cases?holder=unit:hotline&open=true&limit=200${more}`, 'zhangsan')).json.items;
  const then = await counts();
  same('total', then.total, (await listed()).length);
  same('by state', then.states.find((s) => s.state === 'registered').count, (await listed('&state=registered')).length);
  await act(one.id, 'accept', 'zhangsan', accept());
  const now = await counts();
  same('follows', [now.total, now.states.find((s) => s.state === 'accepted').count], [then.total, (then.states.find((s) => s.state === 'accepted')?.count ?? 0) + 1]);
  await act(one.id, 'dispatch', 'wangwu', {lead: 'yuzhong-gov', set_limit: '1 工作日', why_lead: '测试'});
  same('flagged', (await listed('&flag=stated_limit')).map((r) => [r.id, r.flags[0].id]), [[one.id, 'stated_limit']]);
  same('flagged, counted', (await counts('&flag=stated_limit')).total, 1);
  const row = (await listed(`&number=${one.number}`))[0];
  same('row', [row.title, row.labels.kind, row.holder_name, row.due.late], ['小区门口路灯坏了三天没人修', row.labels.kind, '渝中区政府', false]);
  expect('what remains', row.due.remaining >= 0 && row.due.remaining <= 2, row.due);
  same('the day before it is due', (await listed(`&due_before=${row.due.on}&number=${one.number}`)).length, 0);
  same('on the day', (await listed(`&due_from=${row.due.on}&number=${one.number}`)).length, 1);
  const grouped = await counts('&by=kind');
  same('groups', grouped.groups.reduce((sum, g) => sum + g.count, 0), grouped.total);
  same('closed and words, by pages', (await counts(`&q=${encodeURIComponent('路灯坏了三天')}`)).total, 1);
  refused(await get('/api/v1/cases?flag=x&paused=true', 'zhangsan'), 400, 'bad_query', '一次只能用一个');
  // The calendar in the open, with the notice behind each exception.
  const days = (await get('/api/v1/calendar?from=2021-02-10&to=2021-02-20')).json.days;
  same('spring festival', days.filter((d) => d.working).map((d) => d.date), ['2021-02-10', '2021-02-18', '2021-02-19', '2021-02-20']);
  same('the adjusted day', days.at(-1), {date: '2021-02-20', working: true, provisional: false, name: '春节', notice: '2021'});
  refused(await get('/api/v1/calendar?from=2021-01-01&to=2023-01-01'), 400, 'bad_query', '400 天');
  same('editions', (await get('/api/v1/calendar-editions')).json.items.find((e) => e.notice === '2020-amendment-1').published, '2020-01-27');
  // A register is searched by what its texts share, best first; strangers find public ones only.
  same('best', (await get(`/api/v1/registers/units?q=${encodeURIComponent('渝中区政府')}`)).json.items[0].id, 'yuzhong-gov');
  const streets = (await get(`/api/v1/registers/divisions?q=${encodeURIComponent('渝中区')}`)).json.items;
  same('a district and its streets', [streets[0].name, streets.some((s) => s.path === '渝中区')], ['渝中区', true]);
  refused(await get('/api/v1/registers/positions?q=x'), 404, 'not_found');
});

await test('the rest of the table: packs, clauses, registers, due dates, accounts, tokens, probes', async () => {
  same('packs', (await get('/api/v1/packs')).json.items.some((p) => p.id === 'hotline-12345'), true);
  same('type', (await get('/api/v1/packs/hotline-12345/types/request')).json.id, 'request');
  same('clauses', (await get('/api/v1/packs/hotline-12345/clauses')).status, 200);
  same('clause', (await get(`/api/v1/packs/hotline-12345/clauses/${encodeURIComponent('第十三条（三）')}`)).status, 200);
  same('registers', (await get('/api/v1/registers/divisions?parent=500000')).json.items.length > 30, true);
  same('units', (await get('/api/v1/registers/units?q=' + encodeURIComponent('渝中') + '&as_of=2021-05-01', 'zhangsan')).json.as_of, '2021-05-01');
  // What the pages draw a register from: its columns in order, page by page; strangers get neither values nor columns.
  const drawn = (await get('/api/v1/registers/units?limit=2', 'admin')).json;
  const columns = drawn.columns.map((c) => c.id);
  same('columns cover the values', drawn.items.flatMap((one) => Object.keys(one.values)).filter((key) => !columns.includes(key)), []);
  same('each column says what it is', drawn.columns.filter((c) => !c.kind || !c.title || typeof c.list !== 'boolean').map((c) => c.id), []);
  same('columns refer to registers', drawn.columns.filter((c) => c.kind === 'entry' && !c.register).map((c) => c.id), []);
  const later = (await get(`/api/v1/registers/units?limit=2&after=${drawn.next}`, 'admin')).json;
  same('the next page goes on', [drawn.items.length, later.items.length, later.items[0].id > drawn.next], [2, 2, true]);
  const seen = (await get('/api/v1/registers/units?limit=2')).json;
  same('strangers see names', [seen.columns, seen.items.map((one) => one.values)], [undefined, [undefined, undefined]]);
  same('due', (await post('/api/v1/due-dates', {start: '2021-02-05', unit: 'working_days', n: 5})).json.due_on, '2021-02-18');
  const put = await through(strict, 'PUT', '/api/v1/registers/people/p-contract', {who: 'admin', body: {values: {name: '合同人', demo: true}, basis: '测试'}, headers: {'Idempotency-Key': 'put-1'}});
  same('entry put', put.status, 200);
  same('account', (await post('/api/v1/accounts', {name: 'contract', person: 'p-contract'}, 'admin')).status, 201);
  same('accounts', (await get('/api/v1/accounts', 'admin')).json.items.some((a) => a.name === 'contract'), true);
  same('token', (await post('/api/v1/tokens', {account: 'contract', label: 'test', days: 1}, 'admin')).status, 201);
  if (document.paths['/api/v1/failed-reactions']) same('failed reactions', (await get('/api/v1/failed-reactions', 'admin')).json.items, []);
  same('gone', (await through(strict, 'DELETE', '/api/v1/accounts/contract', {who: 'admin'})).status, 204);
  same('health', (await get('/healthz')).status, 200);
  same('ready', (await get('/readyz')).json.ready, true);
  same('metrics', (await get('/metrics')).status, 200);
  same('itself', (await get('/openapi.json')).json.openapi, '3.1.0');
});

await test('refusals: 400 401 403 404 409 412 415 422 428 429, each as described', async () => {
  const open = '/api/v1/packs/hotline-12345/request';
  const other = (await post(open, request())).json;
  const one = `/api/v1/cases/${other.id}`;
  const etag = await etagOf(other.id, 'zhangsan');
  // What the description allows to send and the rules refuse goes through the strict proxy.
  refused(await get('/api/v1/cases?limit=1000', 'zhangsan'), 400, 'bad_query', '1 到 200');
  refused(await post(`${one}/actions/accept`, accept(), 'zhangsan', {'If-Match': 'banana'}), 400, 'bad_if_match', 'ETag');
  refused(await post('/api/v1/sessions', {name: 'admin', password: 'wrong'}), 401, 'wrong_credentials', '用户名或密码不对');
  refused(await through(strict, 'GET', one, {token: 'A'.repeat(32)}), 401, 'sign_in', '请先登录');
  refused(await post(`${one}/actions/accept`, accept(), 'zhoujiu', {'If-Match': etag}), 403, 'not_allowed');
  refused(await get('/api/v1/accounts', 'zhangsan'), 403, 'administrator_only', '管理员');
  refused(await get(one, 'baifan'), 404, 'not_found', '无权查看');
  refused(await post('/api/v1/trackings', {number: other.number, code: 'ZZZZZZZZZZ'}), 404, 'not_found');
  refused(await get('/api/v1/packs/hotline-12345/types/none'), 404, 'not_found');
  await act(other.id, 'accept', 'zhangsan', accept());
  refused(await post(`${one}/actions/accept`, accept(), 'zhangsan', {'If-Match': await etagOf(other.id, 'zhangsan')}), 409, 'wrong_state', '待交办');
  refused(await post(`${one}/actions/dispatch`, {lead: 'yuzhong-gov'}, 'wangwu', {'If-Match': etag}), 412, 'changed', '更新');
  const now = await etagOf(other.id, 'wangwu');
  refused(await post(`${one}/actions/dispatch`, {lead: 'no-such-unit'}, 'wangwu', {'If-Match': now}), 422, 'invalid_form');
  refused(await post(`${one}/actions/dispatch`, {lead: 'yuzhong-gov', support: ['yuzhong-gov']}, 'wangwu', {'If-Match': now}), 422, 'requirement_failed', '牵头单位不能同时是协同单位');
  refused(await post(open, {...request(), phone: 'abc'}), 422, 'invalid_form');
  refused(await post(open, {...request(), title: '另一件'}, undefined, {'Idempotency-Key': 'contract-1'}), 422, 'idempotency_key_reused');
  refused(await post('/api/v1/due-dates', {start: '2021-02-05', unit: 'fortnights', n: 5}), 422, 'invalid_form');
  // What it forbids goes through the lenient one.
  const loose = (method, where, more) => through(lenient, method, where, more);
  refused(await site.ask('POST', open, {raw: Buffer.from('{"title":')}), 400, 'bad_json', 'JSON');   // the proxy itself cannot read it
  refused(await loose('POST', open, {raw: Buffer.from('title=1'), headers: {'Content-Type': 'text/plain'}}), 415, 'unsupported_media_type', 'application/json');
  refused(await loose('POST', open, {body: {...request(), title: undefined}}), 422, 'invalid_form');
  refused(await loose('GET', one), 401, 'sign_in', '请先登录');
  refused(await loose('POST', `${one}/actions/dispatch`, {who: 'wangwu', body: {lead: 'yuzhong-gov'}}), 428, 'if_match_required', 'ETag');
  for (let i = 0; i < 4; ++i) await post('/api/v1/sessions', {name: 'admin', password: 'wrong'});
  const locked = refused(await post('/api/v1/sessions', {name: 'admin', password}), 429, 'locked', '锁定');
  same('its status', locked.status, 429);
});

await test('every operation but streams and files was seen through the contract', async () => {
  const bypassed = ['streamEvents', 'attachDocument', 'getDocument', 'getSimilarPhoto', 'signOut'];
  // Actions of the packs share one handler; those not taken above are known by their forms, which are linted.
  const missing = patterns.map((p) => p.operation).filter((o) => !sent.has(o) && !bypassed.includes(o) && !/^(act|open)_/.test(o));
  same('operations without a call', missing, []);
  const seen = new Set([...sent.values()].flatMap((s) => [...s]));
  same('refusals seen', [400, 401, 403, 404, 409, 412, 415, 422, 428, 429].filter((s) => !seen.has(s)), []);
  console.log(`    ${sent.size} operations, ${[...sent.values()].reduce((sum, s) => sum + s.size, 0)} kinds of answer`);
});
await site.stop();
finish();
