// What a person may not read on the page of a case, no other road gives either: lists, spreadsheets, decisions, documents.
import {check, play} from './program.mjs';

await play(rights);

async function rights(program) {
  check('init', program.run('init').code === 0);
  await program.start('--api-lift-rate-limits', 'yes');
  const people = {agent: 'p-zhangsan', dispatcher: 'p-wangwu', liaison: 'p-lisi', staff: 'p-zhaoliu'};
  const tokens = {};
  for (const [name, person] of Object.entries(people)) tokens[name] = program.token(name, person);
  const form = {title: '楼顶违建', content: '楼顶有人在搭房子', kind: 'complaint', division: '渝中区', address: '民权路18号', phone: '19900008002'};
  const filed = await program.ask('POST', '/api/v1/packs/hotline-12345/request', {body: form});
  const id = filed.json.id;
  let version = filed.headers.get('etag');
  const act = async (who, action, body) => {
    const answer = await program.ask('POST', `/api/v1/cases/${id}/actions/${action}`, {body, token: tokens[who], headers: {'If-Match': version}});
    check(`${who} does ${action}`, answer.status === 200, answer.text);
    version = answer.headers.get('etag');
  };
  await act('agent', 'accept', {kind: 'complaint', area: 'society', subject: 'planning', scope: 'local', nature: 'ordinary'});
  await act('dispatcher', 'dispatch', {lead: 'yuzhong-gov'});

  // --- an act that a condition forbids whatever its form says is not offered, for the reason that sending it would give ---
  const offerOf = async (who, action) => (await program.ask('GET', `/api/v1/cases/${id}`, {token: tokens[who]})).json.actions.find((one) => one.action === action);
  check('a ticket may be received', (await offerOf('liaison', 'receive')).offered);
  const other = await offerOf('agent', 'take_back_dispatch');
  check('an agent is not offered to take back what another dispatched', !other.offered && other.why_not.includes('话务员只撤回自己派发的工单'), JSON.stringify(other));
  check('who dispatched it is', (await offerOf('dispatcher', 'take_back_dispatch')).offered);
  await act('liaison', 'receive', {});
  const received = await offerOf('liaison', 'receive');
  const twice = await program.ask('POST', `/api/v1/cases/${id}/actions/receive`, {body: {}, token: tokens.liaison, headers: {'If-Match': version}});
  check('once', !received.offered && received.why_not.includes('一次派发只签收一次') && twice.status === 422 && twice.json.detail === received.why_not, `${JSON.stringify(received)} ${twice.text}`);
  check('handing down is still offered: its conditions hang on the form', (await offerOf('liaison', 'hand_down')).offered);
  await act('liaison', 'hand_down', {handler: 'yuzhong-planning'});

  // --- a document among the personal data is read with a purpose, and the reading is recorded ---
  const pdf = Buffer.from('%PDF-1.4\n%%EOF\n');
  const sent = await fetch(`${program.url}/api/v1/cases/${id}/documents?group=contact`, {method: 'POST', body: pdf, headers: {Authorization: `Bearer ${tokens.agent}`, 'Content-Type': 'application/pdf', 'X-File-Name': 'id.pdf'}});
  const attached = await sent.json();
  check('a document is attached to the personal data', sent.status === 201, attached);
  version = sent.headers.get('etag');
  const document = `/api/v1/cases/${id}/documents/${attached.document}`;
  const unsaid = await program.ask('GET', document, {token: tokens.staff});
  check('without a purpose it is not given', unsaid.status === 403 && unsaid.json?.code === 'purpose_required', unsaid.text);
  const said = await program.ask('GET', document, {token: tokens.staff, headers: {'X-Purpose': encodeURIComponent('核对身份')}});
  check('with a purpose it is', said.status === 200 && said.text.startsWith('%PDF'), said.text);
  const readers = await program.ask('GET', `/api/v1/cases/${id}/readers`, {token: tokens.agent});
  check('and the reading is recorded', readers.text.includes('赵六') && readers.text.includes('核对身份'), readers.text);
  check('who may not see the group does not find it', (await program.ask('GET', document, {token: tokens.dispatcher, headers: {'X-Purpose': 'x'}})).status === 404);

  // --- nobody fills the disk through a case of her own ---
  const own = await program.ask('POST', '/api/v1/trackings', {body: {number: filed.json.number, code: filed.json.tracking_code}});
  const upload = () => fetch(`${program.url}/api/v1/cases/${id}/documents`, {method: 'POST', body: pdf, headers: {Authorization: `Bearer ${own.json.token}`, 'Content-Type': 'application/pdf', 'X-File-Name': 'a.pdf'}});
  let taken = 0, last;
  while (taken < 60 && (last = await upload()).status === 201) {
    ++taken;
    version = last.headers.get('etag');
  }
  check('a caller adds fifty files and no more', taken === 50 && last.status === 422 && (await last.text()).includes('附件'), `${taken} ${last.status}`);

  // --- the rating is not the dispatcher's to read ---
  await act('staff', 'reply', {answer: '已责令拆除', told_at: new Date().toISOString(), way: 'phone'});
  await act('liaison', 'review', {passed: true, note: '属实'});
  const tracked = await program.ask('POST', '/api/v1/trackings', {body: {number: filed.json.number, code: filed.json.tracking_code}});
  tokens.caller = tracked.json.token;
  await act('caller', 'rate', {rating: 'dissatisfied', remark: '没人来'});
  const rowOf = (answer) => answer.json?.items?.find((one) => one.id === id);
  const page = await program.ask('GET', `/api/v1/cases/${id}`, {token: tokens.dispatcher});
  check('the page has no rating for the dispatcher', page.status === 200 && !page.json.fields.rating, page.text);
  check('nor a decision that tells it', !JSON.stringify(page.json.decisions).includes('dissatisfied') && page.json.decisions.length > 0, JSON.stringify(page.json.decisions));
  const list = rowOf(await program.ask('GET', '/api/v1/cases', {token: tokens.dispatcher}));
  check('nor has the list', list && !('rating' in list.fields) && !('rating' in list.labels) && list.fields.kind === 'complaint', list);
  const sheet = await program.ask('GET', '/api/v1/cases.csv', {token: tokens.dispatcher});
  check('nor the spreadsheet', sheet.text.includes('楼顶违建') && !sheet.text.includes('不满意'), sheet.text);
  const agents = rowOf(await program.ask('GET', '/api/v1/cases', {token: tokens.agent}));
  check('an agent reads it in the list', agents?.fields.rating === 'dissatisfied', agents);
  check('and so the decision', JSON.stringify((await program.ask('GET', `/api/v1/cases/${id}`, {token: tokens.agent})).json.decisions).includes('dissatisfied'));

  // --- a case that is not there for a person is in none of her lists ---
  tokens.supervisor = program.token('supervisor', 'p-wushi');
  const order = await program.ask('POST', '/api/v1/packs/hotline-12345/supervision', {body: {tool: 'order', cause: 'late', note: '请报进展'}, token: tokens.supervisor});
  check('a supervision order is opened', order.status === 201, order.text);
  const has = async (who, where) => (await program.ask('GET', where, {token: tokens[who]})).text.includes(order.json?.number);
  check('the supervisor has it in the list', await has('supervisor', '/api/v1/cases'));
  check('the dispatcher cannot open it', (await program.ask('GET', `/api/v1/cases/${order.json?.id}`, {token: tokens.dispatcher})).status === 404);
  check('nor is it in her list', !(await has('dispatcher', '/api/v1/cases')));
  check('nor in her spreadsheet', !(await has('dispatcher', '/api/v1/cases.csv')));
  check('a page is full where there is more to see', (await program.ask('GET', '/api/v1/cases?limit=1&sort=opened', {token: tokens.dispatcher})).json?.items?.length === 1);

  // --- a stream tells only of cases that the listener may open, and ends with the account ---
  const listen = async (who) => {
    const answer = await fetch(`${program.url}/api/v1/events`, {headers: {Authorization: `Bearer ${tokens[who]}`}});
    const reader = answer.body.getReader();
    let text = '';
    return async (until) => {  // what was heard up to that word, or to the end
      while (!text.includes(until)) {
        const piece = await reader.read();
        if (piece.done) return `${text}(end)`;
        text += Buffer.from(piece.value).toString();
      }
      return text;
    };
  };
  const agent = await listen('agent');
  await agent('ready');
  const dispatcher = await listen('dispatcher');
  await dispatcher('ready');
  const file = async (title) => (await program.ask('POST', '/api/v1/packs/hotline-12345/request', {body: {...form, title}})).json;
  const first = await file('井盖坏了');
  check('both hear of what concerns their desk', (await agent(first.id)).includes(first.id) && (await dispatcher(first.id)).includes(first.id));
  const quiet = (await program.ask('POST', '/api/v1/packs/hotline-12345/supervision', {body: {tool: 'order', cause: 'late', note: '再报进展'}, token: tokens.supervisor})).json;
  const after = await file('路灯不亮');
  const told = await dispatcher(after.id);
  check('the dispatcher hears nothing of a case that she cannot open', told.includes(after.id) && !told.includes(quiet.id), told);
  const supervisor = await listen('supervisor');
  await supervisor('ready');
  const loud = (await program.ask('POST', '/api/v1/packs/hotline-12345/supervision', {body: {tool: 'order', cause: 'late', note: '三报进展'}, token: tokens.supervisor})).json;
  check('who may open it does', (await supervisor(loud.id)).includes(loud.id));
  check('the account is removed', program.run('user', 'remove', 'agent').code === 0);
  const second = await file('树倒了');
  check('who stayed hears of it', (await dispatcher(second.id)).includes(second.id));
  const heard = await agent(second.id);
  check('who was removed does not, and the stream is over', heard.endsWith('(end)') && !heard.includes(second.id), heard);
  check('the program ends well', (await program.stop()) === 0);
}
