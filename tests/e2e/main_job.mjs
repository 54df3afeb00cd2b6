// The main job over HTTP: from a citizen's request to the archived, rated answer, and what people get who ask wrongly.
import {readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';

import {check, play} from './program.mjs';

await play(mainJob);

async function mainJob(program) {
  // --- a new folder ---
  check('serve without data says what to do', ((r) => r.code === 3 && r.err.includes('tongban init'))(program.run('serve')));
  const init = program.run('init');
  check('init makes the folder', init.code === 0 && init.out.includes('set-up#'), init);
  check('init a second time is refused', program.run('init').code === 3);
  await program.start('--api-lift-rate-limits', 'yes');

  // --- the first administrator, through the one-time link ---
  const link = /\(code: (\S+)\)/.exec(init.out)[1];
  const password = 'a long enough passphrase';
  check('a short password is refused', (await program.ask('POST', '/api/v1/set-ups', {body: {link, password: 'short'}})).status === 422);
  check('the link sets the password', (await program.ask('POST', '/api/v1/set-ups', {body: {link, password}})).status === 204);
  check('the link works once', (await program.ask('POST', '/api/v1/set-ups', {body: {link, password}})).status >= 400);
  const signedIn = await program.ask('POST', '/api/v1/sessions', {body: {name: 'admin', password}});
  check('the administrator signs in', signedIn.status === 201 && signedIn.json?.administrator === true, signedIn.text);
  check('a wrong password is not', (await program.ask('POST', '/api/v1/sessions', {body: {name: 'admin', password: 'wrong wrong wrong'}})).status === 401);

  // --- staff, added by the command line through the running server ---
  const people = {agent: 'p-zhangsan', dispatcher: 'p-wangwu', reviewer: 'p-zhoujiu', liaison: 'p-lisi', head: 'p-qianqi', staff: 'p-zhaoliu', other: 'p-sunba'};
  const tokens = {};
  for (const [name, person] of Object.entries(people)) tokens[name] = program.token(name, person);

  // --- the citizen files ---
  const form = {title: '楼顶违建', content: '楼顶有人在搭房子', kind: 'complaint', division: '渝中区', address: '民权路18号', phone: '19900008001', name: '顾梅'};
  const open = '/api/v1/packs/hotline-12345/request';
  const missing = await program.ask('POST', open, {body: {...form, phone: undefined}});
  check('a missing phone is named', missing.status === 422 && missing.text.includes('phone') && missing.headers.get('content-type').includes('problem+json'), missing.text);
  const key = {'Idempotency-Key': 'filing-1'};
  const filed = await program.ask('POST', open, {body: form, headers: key});
  check('the request is registered', filed.status === 201 && filed.json?.state === 'registered', filed.text);
  const again = await program.ask('POST', open, {body: form, headers: key});
  check('the same key gives the same case', again.status === 201 && again.json?.id === filed.json?.id && again.headers.get('idempotency-replayed') === 'true', again.text);
  check('the same key with another body is refused', (await program.ask('POST', open, {body: {...form, title: '别的'}, headers: key})).status === 422);
  const id = filed.json.id;
  const code = filed.json.tracking_code;
  let version = filed.headers.get('etag');

  // --- the staff do their part ---
  const act = async (who, action, body, {status = 200, match = version} = {}) => {
    const answer = await program.ask('POST', `/api/v1/cases/${id}/actions/${action}`, {body, token: tokens[who], headers: {'If-Match': match}});
    check(`${who} does ${action}: ${status}`, answer.status === status, answer.text);
    if (answer.status === 200) version = answer.headers.get('etag');
    return answer;
  };
  const accepted = {kind: 'complaint', area: 'society', subject: 'planning', scope: 'local', nature: 'ordinary'};
  check('without a session: sign in', (await program.ask('POST', `/api/v1/cases/${id}/actions/accept`, {body: accepted, headers: {'If-Match': version}})).status === 401);
  check('without If-Match: 428', (await program.ask('POST', `/api/v1/cases/${id}/actions/accept`, {body: accepted, token: tokens.agent})).status === 428);
  await act('agent', 'accept', accepted, {status: 412, match: '"v99"'});
  await act('agent', 'accept', accepted);
  await act('agent', 'supervise', {tool: 'order', cause: 'late', note: '请报进展', key: false}, {status: 403});
  await act('other', 'dispatch', {lead: 'yuzhong-gov'}, {status: 404});
  const suggested = await program.ask('POST', `/api/v1/cases/${id}/suggestions/dispatch`, {body: {}, token: tokens.dispatcher});
  check('the unit is suggested with its clause', suggested.text.includes('yuzhong-gov') && suggested.text.includes('第十二条'), suggested.text);
  const wrong = await act('dispatcher', 'dispatch', {lead: 'hotline', why_lead: '试'}, {status: 422});
  check('the refusal names sentence, next step and clause', wrong.text.includes('工单只能交给承办单位') && wrong.text.includes('第六条'), wrong.text);

  // Fifty times the same command in parallel: one is done.
  const fifty = await Promise.all(Array.from({length: 50}, () => program.ask('POST', `/api/v1/cases/${id}/actions/dispatch`, {body: {lead: 'yuzhong-gov'}, token: tokens.agent, headers: {'If-Match': version}})));  // the agent who took the call
  check('of fifty in parallel one is done', fifty.filter((one) => one.status === 200).length === 1, fifty.map((one) => one.status));
  check('the others hear that the case has changed', fifty.every((one) => one.status === 200 || one.status === 412 || one.status === 409), fifty.map((one) => one.status));
  version = fifty.find((one) => one.status === 200).headers.get('etag');
  await act('dispatcher', 'hand_down', {handler: 'yuzhong-planning'}, {status: 403});
  await act('liaison', 'hand_down', {handler: 'yuzhong-planning'});
  await act('staff', 'ask_extension', {reason: '需测绘', progress: '已约测绘', more: '5 工作日'});
  await act('staff', 'extend', {}, {status: 403});
  await act('head', 'extend', {});
  const seen = await program.ask('GET', `/api/v1/cases/${id}`, {token: tokens.staff, headers: {'X-Purpose': encodeURIComponent('联系来电人')}});
  check('the due date has moved, with its clause', seen.text.includes('第十三条（三）'), seen.text);
  const notYours = await program.ask('GET', `/api/v1/cases/${id}`, {token: tokens.other});
  const notThere = await program.ask('GET', '/api/v1/cases/12345-2020-999999', {token: tokens.other});
  check('"not yours" looks like "not there"', notYours.status === 404 && notThere.status === 404 && notYours.json?.detail === notThere.json?.detail, [notYours.text, notThere.text]);
  const now = new Date().toISOString();
  await act('staff', 'reply', {answer: '已责令拆除', told_at: now, way: 'phone'});
  await act('staff', 'review', {passed: true, note: '属实'}, {status: 403});
  await act('liaison', 'review', {passed: true, note: '属实'});

  // --- the caller tracks and rates ---
  check('a wrong code finds nothing', (await program.ask('POST', '/api/v1/trackings', {body: {number: filed.json.number, code: 'WRONGCODE'}})).status === 404);
  const tracked = await program.ask('POST', '/api/v1/trackings', {body: {number: filed.json.number, code}});
  check('number and code find the case', tracked.status === 200 && tracked.json?.case?.state !== undefined, tracked.text);
  tokens.caller = tracked.json?.token;
  await act('caller', 'rate', {rating: 'satisfied', remark: '很快'});
  const story = await program.ask('GET', `/api/v1/cases/${id}/story`, {token: tokens.agent});
  check('the case is archived and told with its reasons', story.json?.state === 'archived' || story.json?.state?.id === 'archived' || story.text.includes('已归档'), story.text);
  check('the story speaks in names and limits, not in ids', /决策“建议的牵头承办单位”：牵头承办单位 [^a-z，]+，/.test(story.json?.story) && /决策“办结和答复时限”：时限 \d+ 个工作日/.test(story.json?.story) && !/渠道：[a-z]|working_days|[a-z]+-gov/.test(story.json?.story), story.text);
  const readers = await program.ask('GET', `/api/v1/cases/${id}/readers`, {token: tokens.reviewer});
  check('who looked is known', readers.status === 200 && readers.text.includes('赵六'), readers.text);

  // --- what is wrong is refused in words ---
  check('ten thousand deep', (await program.ask('POST', open, {body: '['.repeat(10000)})).status === 400);
  check('wrong encoding', (await fetch(program.url + open, {method: 'POST', headers: {'Content-Type': 'application/json'}, body: Buffer.from('{"title":"\xb2\xe2"}', 'latin1')})).status === 400);
  check('a large body', (await program.ask('POST', open, {body: {...form, content: 'x'.repeat(3_000_000)}})).status === 413);

  // --- operations, through the running server ---
  const second = program.run('serve', '--port', String(program.port));
  check('a second process hears of the first', second.code === 3 && second.err.includes('in use'), second);
  const past = (number, title, opened, done) => JSON.stringify({id: String(number), user: `A000${number}`, title, time: opened, text: '内容', reply: '已处理', reply_time: done}) + '\n';
  writeFileSync(path.join(program.root, 'past.jsonl'), past(1, '咨询户口办理', '2019-04-24T15:07:30', '2019-05-09T09:49:42') + past(2, '路灯不亮', '2019-04-25T09:00:00', '2019-04-26T10:00:00') + 'no row\n');
  const imported = program.run('import', 'cases', 'past.jsonl', '--mapping', 'gov_messages', '--explain-late', 'late.jsonl');
  check('a history is imported while the server runs', imported.code === 6 && imported.out.includes('2 taken, 0 known from an earlier run, 1 rejected'), imported);
  check('the late one is explained', readFileSync(path.join(program.root, 'late.jsonl'), 'utf8').includes('"due_on":"2019-04-30"'));
  check('its rejected row has a reason', readFileSync(path.join(program.root, 'past.jsonl.rejected.jsonl'), 'utf8').includes('"row":3'));
  const repeated = program.run('import', 'cases', 'past.jsonl', '--mapping', 'gov_messages');
  check('a second import does nothing twice', repeated.out.includes('0 taken, 2 known'), repeated);
  const orders = await program.ask('GET', '/api/v1/cases?q=DB-', {token: tokens.reviewer});
  check('no supervision order comes of what is long over', orders.status === 200 && orders.json?.items?.length === 0, orders.text);
  check('verify is clean while the server runs', program.run('verify').code === 0);
  const backup = path.join(program.root, 'backup');
  check('a backup while the server runs', program.run('backup', backup).code === 0);
  check('an export while the server runs', program.run('export', '--to', 'all.jsonl').code === 0 && readFileSync(path.join(program.root, 'all.jsonl'), 'utf8').includes(filed.json.number));
  check('an export has no telephone number', !readFileSync(path.join(program.root, 'all.jsonl'), 'utf8').includes('19900008001'));
  check('erasing goes through the server', program.run('erase', '--case', filed.json.number).code === 0);
  const erased = await program.ask('GET', `/api/v1/cases/${id}`, {token: tokens.reviewer, headers: {'X-Purpose': 'test'}});
  check('after erasing nobody reads the phone', erased.status === 200 && !erased.text.includes('19900008001'), erased.text);
  check('health tells the truth', (await program.ask('GET', '/readyz')).json?.ready === true);
  check('the description is there', (await program.ask('GET', '/openapi.json')).json?.openapi === '3.1.0');

  // --- the end, and the log ---
  check('SIGTERM ends it well', (await program.stop()) === 0);
  const lines = program.log.trim().split('\n').filter((one) => one.startsWith('{'));
  check('the log is JSON lines', lines.length > 50 && lines.every((one) => JSON.parse(one).event));
  check('the log holds nothing personal', !/19900008001|顾梅|民权路|p-zhaoliu/.test(program.log) && !program.log.includes(code));
  check('verify after the end', program.run('verify').code === 0);
  check('rebuild and verify', program.run('rebuild').code === 0 && program.run('verify').code === 0);

  // --- a restored folder serves ---
  program.data = path.join(program.root, 'restored');
  check('restore', program.run('restore', backup).code === 0);
  check('the restored folder is sound', program.run('verify').code === 0);

  // --- a flipped byte is found ---
  const file = path.join(program.data, 'tongban.db');
  const bytes = readFileSync(file);
  const at = bytes.indexOf(Buffer.from('楼顶有人在搭房子'));
  check('the ledger holds the text', at > 0);
  bytes[at] ^= 1;
  writeFileSync(file, bytes);
  const damaged = program.run('verify');
  check('verify finds a flipped byte', damaged.code === 4 && damaged.out.length > 0, damaged);
  check('settings: an unknown key is named with a near one', ((r) => r.code === 2 && r.err.includes('port'))((writeFileSync(path.join(program.data, 'tongban.conf'), 'prot = 1\n'), program.run('config'))));
}
