// What citizens meet, over HTTP on a demo city: the site's own words, signing in by telephone without anybody learning
// which numbers are known, only one's own cases, photographs without the place where they were taken.
import zlib from 'node:zlib';

import {check, play} from '../e2e/program.mjs';

await play(portal);

function crc32(bytes) {
  let sum = ~0;
  for (const byte of bytes) {
    sum ^= byte;
    for (let i = 0; i < 8; ++i) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
}
function chunk(name, body) {
  const data = Buffer.concat([Buffer.from(name, 'latin1'), body]);
  const out = Buffer.alloc(8 + data.length);
  out.writeUInt32BE(body.length, 0);
  data.copy(out, 4);
  out.writeUInt32BE(crc32(data), 4 + data.length);
  return out;
}
// A grey PNG with a telling text; `claimed` is what its head promises.
function png(width, height, claimed = [width, height]) {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(claimed[0], 0);
  head.writeUInt32BE(claimed[1], 4);
  head.set([8, 2, 0, 0, 0], 8);
  const rows = Buffer.alloc((width * 3 + 1) * height, 90);
  for (let y = 0; y < height; ++y) rows[y * (width * 3 + 1)] = 0;
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', head), chunk('tEXt', Buffer.from('Comment\0GPS 29.563 106.551')),
    chunk('IDAT', zlib.deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
}

async function portal(program) {
  const made = program.run('demo', '--no-serve');
  check('the demo city is made', made.code === 0, made.err);
  const passwords = Object.fromEntries([...made.out.matchAll(/^ {2}(\w+)\t(\w+)\t/gm)].map((m) => [m[1], m[2]]));
  await program.start('--api-lift-rate-limits', 'yes', '--path-prefix', '/tongban');
  const ask = (...words) => program.ask(...words);
  const refused = (answer, status, code) => answer.status === status && answer.json?.code === code && answer.json?.detail?.length > 5;

  // --- what the site is; found with the prefix and without ---
  const site = await ask('GET', '/api/v1/site');
  check('the site has a name, a telephone and something to file', site.json?.name && site.json?.phone && site.json?.entries?.length > 0 && site.json?.demo === true, site.text);
  check('and cites its document', site.json?.document?.text && site.json?.document?.clause, site.text);
  check('the same below the prefix', (await ask('GET', '/tongban/api/v1/site')).text === site.text);
  const root = await fetch(program.url + '/tongban/', {redirect: 'manual'});
  check('the root leads to the portal', root.status === 302 && root.headers.get('location') === '/tongban/portal/', root.headers.get('location'));
  const index = await fetch(program.url + '/portal/');
  check('the portal answers with a page or says that there is none', index.status === 200 ? (await index.text()).includes('<base href="/tongban/portal/">') : index.status === 404, index.status);
  check('an unknown asset is 404', (await fetch(program.url + '/portal/assets/none-12345678.js')).status === 404);

  // --- two citizens file ---
  const entry = site.json.entries[0];
  const open = `/tongban/api/v1/packs/${entry.pack}/${entry.type}`;
  const form = (phone, title) => ({title, content: title, kind: 'complaint', division: '渝中区', address: '民权路18号', phone, name: '顾梅'});
  const phone = '19900009001', stranger = '19900009002', nobody = '19900009003';
  const own = await ask('POST', open, {body: form(phone, '路灯不亮')});
  const second = await ask('POST', open, {body: form('+86 199-0000-9001', '井盖松动')});
  const others = await ask('POST', open, {body: form(stranger, '噪声扰民')});
  check('three requests are filed', own.status === 201 && second.status === 201 && others.status === 201, own.text + second.text + others.text);
  check('the address of the new case has the prefix', own.headers.get('location')?.startsWith('/tongban/api/v1/cases/'), own.headers.get('location'));

  // --- codes ---
  const staff = (await ask('POST', '/api/v1/sessions', {body: {name: 'zhangsan', password: passwords.zhangsan}})).json;
  const messages = async () => (await ask('GET', '/api/v1/demo/messages', {token: staff.token})).json.items;
  const known = await ask('POST', '/api/v1/phone-codes', {body: {phone}});
  const unknown = await ask('POST', '/api/v1/phone-codes', {body: {phone: nobody}});
  check('a known and an unknown number get the same answer', known.status === 202 && unknown.status === 202 && Object.keys(known.json).join() === Object.keys(unknown.json).join(), known.text + unknown.text);
  check('a second code comes after a minute', refused(await ask('POST', '/api/v1/phone-codes', {body: {phone}}), 429, 'code_sent'));
  check('what is no number is named', refused(await ask('POST', '/api/v1/phone-codes', {body: {phone: '12'}}), 422, 'invalid_form'));
  check('messages are not for strangers', (await ask('GET', '/api/v1/demo/messages')).status === 401);
  const codes = (await messages()).filter((m) => /验证码 \d{6}/.test(m.text));
  check('both codes went out, the numbers are masked', codes.length === 2 && codes.every((m) => m.to.includes('•')) && !JSON.stringify(codes).includes(phone), codes);
  const code = /验证码 (\d{6})/.exec(codes[1].text)[1];
  const wrong = code === '000000' ? '000001' : '000000';
  check('a wrong code is refused', refused(await ask('POST', '/api/v1/phone-sessions', {body: {phone, code: wrong}}), 401, 'wrong_code'));
  check('a code is no good for another number', refused(await ask('POST', '/api/v1/phone-sessions', {body: {phone: stranger, code}}), 401, 'wrong_code'));
  const session = await ask('POST', '/api/v1/phone-sessions', {body: {phone: '199 0000 9001', code}});
  check('the right code signs in', session.status === 201 && session.json?.token && session.json?.csrf, session.text);
  check('once', refused(await ask('POST', '/api/v1/phone-sessions', {body: {phone, code}}), 401, 'wrong_code'));
  const cookie = session.headers.get('set-cookie');
  check('the cookie is for the server alone', /^tongban_phone=[^;]+;/.test(cookie) && /HttpOnly/.test(cookie) && /SameSite=Strict/.test(cookie), cookie);

  // --- own cases and no others ---
  const token = session.json.token;
  const mine = await ask('GET', '/api/v1/my/cases', {token});
  check('one sees one\'s own cases, the newest first', mine.json?.items?.map((row) => row.id).join() === [second.json.id, own.json.id].join(), mine.text);
  const read = await ask('GET', `/api/v1/cases/${own.json.id}`, {token});
  check('and may read them', read.status === 200 && read.json.id === own.json.id, read.text);
  check('another\'s looks like one that is not there', refused(await ask('GET', `/api/v1/cases/${others.json.id}`, {token}), 404, 'not_found'));
  check('also by its number', refused(await ask('GET', `/api/v1/cases/${others.json.number}`, {token}), 404, 'not_found'));
  const offered = read.json.actions.filter((one) => one.offered).map((one) => one.action);
  check('the caller is offered something', offered.length > 0, read.json.actions);
  const bare = `tongban_phone=${token}`;
  check('lists of staff are not for callers', (await ask('GET', '/api/v1/cases', {token})).status === 404);
  const withdraw = (id, headers) => ask('POST', `/api/v1/cases/${id}/actions/${offered[0]}`, {body: {}, headers: {'If-Match': read.headers.get('etag'), ...headers}});
  check('by cookie a change needs the page\'s code', refused(await withdraw(own.json.id, {Cookie: bare}), 403, 'csrf'));
  check('an empty one is no code', refused(await withdraw(own.json.id, {Cookie: bare, 'X-CSRF-Token': ''}), 403, 'csrf'));
  check('with it the act gets to the rules', ![401, 403, 404].includes((await withdraw(own.json.id, {Cookie: bare, 'X-CSRF-Token': session.json.csrf})).status));
  check('nothing can be done to another\'s case', (await withdraw(others.json.id, {Cookie: bare, 'X-CSRF-Token': session.json.csrf})).status === 404);
  const both = `tongban_session=${staff.token}; ${bare}`;
  check('at the desk the desk\'s session counts', (await ask('GET', '/api/v1/sessions/current', {headers: {Cookie: both}})).json.kind === 'staff');
  check('at the portal the telephone\'s', (await ask('GET', '/api/v1/sessions/current', {headers: {Cookie: both, 'X-Session': 'phone'}})).json.kind === 'phone');
  check('staff have no own cases', (await ask('GET', '/api/v1/my/cases', {token: staff.token})).status === 401);

  // --- documents ---
  const upload = (bytes, name, {type = 'application/octet-stream', id = own.json.id, by = token} = {}) => fetch(`${program.url}/api/v1/cases/${id}/documents`, {
    method: 'POST', body: bytes, headers: {Authorization: `Bearer ${by}`, 'Content-Type': type, 'X-File-Name': encodeURIComponent(name)},
  }).then(async (r) => ({status: r.status, json: await r.json().catch(() => undefined)}));
  const picture = png(640, 400);
  check('the test\'s picture tells a place', picture.includes('GPS 29.563'));
  const sent = await upload(picture, '现场.png', {type: 'image/png'});
  check('a photograph is taken', sent.status === 201, sent.json);
  const document = `/api/v1/cases/${own.json.id}/documents/${sent.json.document}`;
  const back = Buffer.from(await (await fetch(program.url + document, {headers: {Authorization: `Bearer ${token}`}})).arrayBuffer());
  check('what is kept tells no place', back.subarray(1, 4).toString() === 'PNG' && !back.includes('GPS'), back.length);
  const small = await fetch(`${program.url}${document}?size=thumb`, {headers: {Authorization: `Bearer ${token}`}});
  const bytes = Buffer.from(await small.arrayBuffer());
  check('there is a small picture of it', small.status === 200 && small.headers.get('content-type') === 'image/jpeg' && bytes[0] === 0xff && bytes.length < 20000, [small.status, bytes.length]);
  check('documents are confined', small.headers.get('x-content-type-options') === 'nosniff' && small.headers.get('content-security-policy').includes('sandbox'));
  check('strangers see none', (await fetch(program.url + document)).status === 401);
  const huge = await upload(png(10, 10, [10000, 10000]), '很大.png');
  check('a hundred megapixels are refused', huge.status === 422 && huge.json.code === 'bad_picture' && huge.json.detail.includes('10000'), huge.json);
  const svg = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>';
  for (const [name, content, type] of [['图.svg', svg, 'image/svg+xml'], ['图.png', svg, 'image/png'], ['页.html', '<!doctype html><script>alert(1)</script>'], ['a.exe', 'MZ\x90\0'.repeat(20)], ['a.pdf', '%PDF-1.7 broken off'],
    ['照片.jpg', picture], ['a.exe', picture], ['照片', picture, 'image/jpeg'], ['live.heic', '\0\0\0\x18ftypheic\0\0\0\0mif1heic']]) {
    const answer = await upload(content, name, {type});
    check(`${name} is refused by its content`, answer.status === 415 && answer.json?.code === 'unsupported_media_type', answer);
  }
  check('a PDF is taken', (await upload('%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n', '材料.pdf')).status === 201);
  check('nothing is attached to another\'s case', (await upload(picture, 'a.png', {id: others.json.id})).status === 404);
  const whole = (await ask('GET', `/api/v1/cases/${own.json.id}`, {token})).json;
  check('the case lists what was kept', whole.documents?.length === 2, whole.documents);

  // --- the log knows nothing ---
  check('neither number nor message nor session stands in the log', program.log.length > 0 && !program.log.includes(phone) && !program.log.includes('验证码') && !program.log.includes(token), program.log.slice(0, 300));

  // --- a restart: sessions stay, codes do not; and a site without a gateway says so ---
  await program.stop();
  await program.start();
  check('the session outlives a restart', (await ask('GET', '/api/v1/my/cases', {token})).json?.items?.length === 2);
  let limited = 0;
  for (let i = 0; i < 40; ++i) limited += (await ask('POST', '/api/v1/phone-sessions', {body: {phone, code: '123456'}})).status === 429 ? 1 : 0;
  check('guessing from one address is slowed', limited > 20, limited);
}
