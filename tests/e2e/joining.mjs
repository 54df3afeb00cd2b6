// Several people tell of one matter, over HTTP: a stranger follows the request of another without learning whose it is,
// staff join and separate requests, one answer reaches everybody. And what strangers are told before they file.
import {png} from './png.mjs';
import {check, play} from './program.mjs';


await play(joining);

async function joining(program) {
  check('init makes the folder', program.run('init').code === 0);
  await program.start('--api-lift-rate-limits', 'yes');
  const people = {agent: 'p-zhangsan', dispatcher: 'p-wangwu', liaison: 'p-lisi', staff: 'p-zhaoliu'};
  const tokens = {};
  for (const [name, person] of Object.entries(people)) tokens[name] = program.token(name, person);
  const at = '/api/v1/packs/hotline-12345/types/request', open = '/api/v1/packs/hotline-12345/request';

  // --- what strangers see ---
  const type = (await program.ask('GET', at)).json;
  const fields = (t) => t.open.fields.map((f) => f.id);
  check('a stranger is not asked where the request comes from', !fields(type).includes('origin') && !('origin' in type.open.form.properties), fields(type));
  const staffType = (await program.ask('GET', at, {token: tokens.agent})).json;
  check('staff are', fields(staffType).includes('origin') && staffType.open.fields.find((f) => f.id === 'origin').staff === true, fields(staffType));
  check('the ways to settle a call come from the pack', staffType.ways.map((w) => w.action).join() === 'answer_directly,connect,connect,dispatch,open', staffType.ways);
  const form = (more = {}) => ({title: '民权路口路灯不亮', content: '民权路口的路灯坏了三天，晚上看不见路', kind: 'help', division: '渝中区', address: '民权路18号', phone: '19900008001', ...more});
  const own = await program.ask('POST', open, {body: form({origin: 'caller'})});
  check('and may not say it', own.status === 422 && own.json.fields.some((f) => f.field === 'origin'), own.text);
  const estimate = await program.ask('POST', `${at}/estimates`, {body: {form: {title: '路灯不亮', content: '路口的路灯坏了'}}});
  const hint = Object.fromEntries((estimate.json.suggested ?? []).map((s) => [s.field, s]));
  check('the kind is suggested with its reason', hint.kind?.value === 'help' && hint.kind.sentence.includes('路灯') && hint.subject?.value === 'urban', estimate.text);
  const known = {title: '路灯不亮', division: '500103', subject: 'planning', scope: 'local'};
  const routed = await program.ask('POST', `${at}/estimates`, {body: {form: known}, token: tokens.agent});
  check('staff are told the unit before anything is sent, with the reason', routed.json?.decisions?.[0]?.suggestion?.lead && routed.json.decisions[0].sentence.length > 3, routed.text);
  check('strangers are not', !('decisions' in (await program.ask('POST', `${at}/estimates`, {body: {form: known}})).json));
  check('nothing is suggested from nothing', (await program.ask('POST', `${at}/estimates`, {body: {form: {title: '啊'}}})).json.suggested.length === 0);
  const found = await program.ask('GET', '/api/v1/registers/knowledge?q=' + encodeURIComponent('居住证'));
  check('the knowledge base answers strangers', found.status === 200 && found.json.items[0]?.values?.text?.length > 5, found.text);
  check('other registers do not', (await program.ask('GET', '/api/v1/registers/positions?q=a')).status === 404);
  const site = (await program.ask('GET', '/api/v1/site')).json;
  check('the site names popular questions and where to search', site.popular.length > 0 && site.popular[0].title && site.search.register === 'knowledge', site);
  check('and every business that may be filed', site.entries.map((e) => e.pack).includes('lost-property'), site.entries);

  // --- a stranger follows another's request ---
  const first = await program.ask('POST', open, {body: form()});
  check('the first request is registered', first.status === 201 && first.json.state === 'registered', first.text);
  let similar;
  for (let i = 0; i < 40 && !similar?.json?.items?.length; ++i) {  // the index of words follows the commit
    similar = await program.ask('POST', `${at}/similar`, {body: {form: {title: '民权路口路灯不亮了', division: '渝中区'}}});
    if (!similar.json?.items?.length) await new Promise((done) => setImmediate(done));
  }
  const item = similar.json.items[0];
  check('a stranger gets a handle, and no number', item?.handle?.length >= 20 && !item.number && !item.id && !item.title && !similar.text.includes(first.json.number), similar.text);
  check('a stranger learns unit, day and followers of it', typeof item.holder_name === 'string' && item.followers === 0 && !('photo' in item), similar.text);
  // A photograph: small, under a handle of its own, and never of a request whose caller asked for confidentiality.
  const photo = png(24, 24);
  const owner = (await program.ask('POST', '/api/v1/trackings', {body: {number: first.json.number, code: first.json.tracking_code}})).json.token;
  const sent = await fetch(`${program.url}/api/v1/cases/${first.json.id}/documents`, {method: 'POST', body: photo, headers: {authorization: `Bearer ${owner}`, 'content-type': 'image/png', 'x-file-name': 'a.png', 'idempotency-key': 'photo-of-first'}});
  check('a photograph is taken', sent.status === 201, await sent.text());
  const again = async () => (await program.ask('POST', `${at}/similar`, {body: {form: {title: '民权路口路灯不亮了', division: '渝中区'}}})).json.items[0];
  const shown = await again();
  const small = await fetch(`${program.url}${at}/similar/${shown.photo}/photo`);
  check('a stranger sees a small picture', small.status === 200 && small.headers.get('content-type') === 'image/jpeg' && (await small.arrayBuffer()).byteLength > 100, [small.status, shown]);
  check('not by another handle', (await fetch(`${program.url}${at}/similar/nosuchhandle/photo`)).status === 404);
  const of_first = await program.ask('GET', `/api/v1/cases/${first.json.id}`, {token: owner});
  const hidden = await program.ask('POST', `/api/v1/cases/${first.json.id}/actions/ask_confidential`, {body: {confidential: true}, token: owner, headers: {'If-Match': of_first.headers.get('etag')}});
  check('the caller asks for confidentiality', hidden.status === 200, hidden.text);
  check('then no picture is shown', !('photo' in (await again())) && (await fetch(`${program.url}${at}/similar/${shown.photo}/photo`)).status === 404);
  // The handle is good after a restart of the program; changed in one place, or of another site, it is none.
  await program.stop();
  await program.start('--api-lift-rate-limits', 'yes');
  const changed = item.handle.slice(0, -1) + (item.handle.endsWith('0') ? '1' : '0');
  const other = await program.ask('POST', open, {body: form({phone: '19900008002', join: changed})});
  check('a changed handle is refused at its field', other.status === 422 && other.json.fields[0].field === 'join', other.text);
  const preview = await program.ask('POST', `${at}/previews`, {body: form({phone: '19900008002', join: item.handle})});
  check('a preview says that it will be joined', preview.json?.state?.id === 'joined', preview.text);
  const second = await program.ask('POST', open, {body: form({phone: '19900008002', join: item.handle})});
  check('the follower has a number and a code of its own', second.status === 201 && second.json.state === 'joined' && second.json.number !== first.json.number && second.json.tracking_code, second.text);
  const old = await program.ask('POST', open, {body: form({phone: '19900008003', join: 'nosuchhandle'})});
  check('an old handle is refused at its field', old.status === 422 && old.json.fields[0].field === 'join', old.text);

  const session = async (one) => (await program.ask('POST', '/api/v1/trackings', {body: {number: one.json.number, code: one.json.tracking_code}})).json?.token;
  const callers = {first: await session(first), second: await session(second)};
  const followed = await program.ask('GET', `/api/v1/cases/${second.json.id}`, {token: callers.second});
  check('the follower sees how far it is, and not whose it is', followed.json?.leading?.steps?.length > 0 && !followed.json.leading.number && !followed.text.includes(first.json.number) && !followed.text.includes(first.json.id), followed.text);
  const led = await program.ask('GET', `/api/v1/cases/${first.json.id}`, {token: callers.first});
  check('the first caller sees nothing of the other', led.status === 200 && !led.text.includes(second.json.number) && !led.text.includes(second.json.id), led.text);

  const act = async (who, one, action, body, status = 200) => {
    const seen = await program.ask('GET', `/api/v1/cases/${one.json.id}`, {token: tokens[who]});
    const done = await program.ask('POST', `/api/v1/cases/${one.json.id}/actions/${action}`, {body, token: tokens[who], headers: {'If-Match': seen.headers.get('etag') ?? '"v1"'}});
    check(`${who} does ${action}: ${status}`, done.status === status, done.text);
    return done;
  };
  const staffSees = (await program.ask('GET', `/api/v1/cases/${second.json.id}`, {token: tokens.agent})).json;
  check('staff see which case leads', staffSees.leading.number === first.json.number && staffSees.links.some((l) => l.kind === 'joins' && !l.ended), staffSees.leading);

  // --- staff join a third, take it out, join it again ---
  const third = await program.ask('POST', open, {body: form({phone: '19900008004', title: '路灯坏了'})});
  const itself = await act('agent', third, 'join', {leading: third.json.number}, 422);
  check('not to itself', itself.json.fields[0].field === 'leading' && itself.json.fields[0].sentence.includes('自己'), itself.text);
  const joined = await act('agent', third, 'join', {leading: second.json.number}, 422);
  check('not to a follower, and the sentence says what to do', joined.json.conditions.length > 0 && joined.json.instead.includes('牵头'), joined.text);
  await act('agent', third, 'join', {leading: first.json.number});
  await act('dispatcher', third, 'separate', {reason: '不是同一盏灯'});
  await act('dispatcher', third, 'join', {leading: first.json.id});
  await act('liaison', third, 'separate', {reason: '试'}, 404);

  // --- one answer for all ---
  await act('agent', first, 'accept', {kind: 'help', area: 'services', subject: 'urban', scope: 'local', nature: 'ordinary'});
  await act('agent', first, 'dispatch', {lead: 'yuzhong-gov', why_lead: '区里统一处理'});
  const due = (await program.ask('GET', `/api/v1/cases/${second.json.id}`, {token: callers.second})).json;
  check('the follower is shown the firm date', due.leading.clocks.some((c) => c.due_on), due.leading);
  await act('liaison', first, 'hand_down', {handler: 'yuzhong-planning', why_handler: '就近'});
  const clocksOf = async (token) => (await program.ask('GET', `/api/v1/cases/${first.json.id}`, {token})).json.clocks.map((c) => c.name).sort();
  check('the caller sees the promised day alone', (await clocksOf(callers.first)).join() === 'handling', await clocksOf(callers.first));
  check('units see every clock', (await clocksOf(tokens.staff)).join() === 'flow_down,handling,return_window', await clocksOf(tokens.staff));
  await act('staff', first, 'reply', {answer: '路灯已修好', told_at: new Date().toISOString(), way: 'phone'});
  await act('liaison', first, 'review', {passed: true, note: '属实'});
  for (const one of [second, third]) {
    // The answer follows the leading request's by a reaction: a moment later, never in the same commit.
    let answered;
    for (let looks = 0; looks < 500 && answered?.state.id !== 'return_visit'; ++looks)
      answered = (await program.ask('GET', `/api/v1/cases/${one.json.id}`, {token: tokens.agent})).json;
    check('every caller has the answer and may rate', answered.state.id === 'return_visit' && answered.fields.answer === '路灯已修好' && answered.letters.some((l) => l.letter === 'answer_shared') && !answered.leading, answered.state);
  }
  const rate = await program.ask('POST', `/api/v1/cases/${second.json.id}/previews/rate`, {body: {rating: 'dissatisfied'}, token: callers.second});
  check('a bad rating names the day of the call-back', rate.json?.clocks?.some((c) => c.name === 'verification' && c.due_on), rate.text);

  // --- links that a stranger may not make ---
  const forged = await program.ask('POST', open, {body: {...form({phone: '19900008001'}), link: {kind: 'key_supervises', case: first.json.id}}, token: callers.first});
  check('a caller cannot hold her own case by a link of her choice', forged.status === 400 && forged.json.code === 'bad_link', forged.text);
  const follow = await program.ask('POST', open, {body: {...form({phone: '19900008001'}), link: {kind: 'follows', case: first.json.id}}, token: callers.first});
  check('but may file a follow-up', follow.status === 201, follow.text);
}
