// Markup in every field that the staff can write. A request is brought to each situation in which the pack lets staff act;
// every act that one of them is offered there has its form filled on the page, then the act is taken, and the work order
// and the citizen's page show it as text. Nothing of it may live. An act that is not reached, or whose fields for words
// do not stand on its form, fails by name; acts without such a field are named.
import {check} from '../e2e/program.mjs';
import {openPage, settled} from './browser.mjs';
import {keepTicket, pack} from './kit.mjs';

const markup = (n) => `<img src=x onerror=alert(${n})><script>alert(${n})</script>`;
const people = ['zhangsan', 'wangwu', 'zhoujiu', 'wushi', 'fengyuan', 'chenming', 'lisi', 'zhaoliu', 'sumin', 'qianqi'];

// How a request comes into each situation: as far as `bring` goes, then the acts of people one after the other.
const soon = async (city) => { await new Promise((done) => setTimeout(done, 1100)); return (await city.now()).toISOString(); };  // whole seconds
const bad = ['caller', 'rate', {rating: 'very_dissatisfied'}];
const situations = {
  registered: [''],
  accepted: ['accept'],
  dispatched: ['dispatch'],
  handling: ['hand_down'],
  answered: ['reply'],
  'return visit': ['review'],
  'reported as an emergency': ['', ['zhangsan', 'pass_to_emergency', {line: 'emergency-119', way: 'notify', note: '楼道起火'}]],
  joined: ['accept', ['wangwu', 'join', (city, other) => ({leading: other.number})]],
  'with a support unit': ['accept', ['wangwu', 'dispatch', {lead: 'yuzhong-gov', support: ['city-housing']}]],
  'an extension asked': ['hand_down', ['zhaoliu', 'ask_extension', {reason: '涉及三家单位', progress: '已现场查看', more: '2 工作日'}]],
  'rated badly': ['review', bad],
  'to be done again': ['review', bad, ['wushi', 'verify', {found: 'not_done', note: '没有落实'}]],
  'to be explained': ['review', bad, ['wushi', 'verify', {found: 'objective', bad_cause: 'policy', note: '受政策限制'}]],
  archived: ['review', ['caller', 'rate', {rating: 'satisfied'}]],
};
// The same for a supervision order, which is made from a request.
const ordered = ['wushi', 'supervise', {tool: 'order', cause: 'hot_issue', note: '请加快', key: false}];
const supervision = {
  'order made': [],
  'order issued': [['wushi', 'issue', {unit: 'yuzhong-gov'}]],
  'order reported on': [['wushi', 'issue', {unit: 'yuzhong-gov'}], ['lisi', 'report_back', {text: '已办'}]],
};

export async function staff(browser, city) {
  const other = await city.file({title: '另一件事', phone: '13800006600'});
  await city.bring(other, 'accept');
  const play = async (found, steps) => {
    for (const [who, action, given] of steps) {
      const body = typeof given === 'function' ? given(city, other) : given;
      if (who === 'caller') await city.actAsCaller(found, action, body); else await city.act(found, who, action, body);
    }
    return found;
  };
  const request = async ([as_far_as, ...steps]) => {
    const filed = await city.file({title: '要写标记的事', phone: '13800006602'});
    if (as_far_as) await city.bring(filed, as_far_as);
    return play(filed, steps);
  };
  const order = async (steps) => {
    const about = await request(['dispatch', ordered]);
    // The order is opened by the service right after the act.
    let link;
    for (let looks = 0; !link && looks < 200; ++looks) {
      const seen = await city.ask('GET', `/api/v1/cases/${about.id}`, {token: city.as('wushi')});
      link = seen.json.links.find((one) => one.kind === 'supervises');
      if (!link) await new Promise((done) => setTimeout(done, 50));
    }
    return play({id: link.other}, steps);
  };
  const pages = new Map();
  const ran = [];
  for (const who of people) {
    const page = await openPage(browser, {options: {extraHTTPHeaders: {Authorization: `Bearer ${city.as(who)}`}}});
    page.on('dialog', (one) => { ran.push(`${who}: ${one.message()}`); void one.dismiss(); });
    pages.set(who, page);
  }
  const found = [
    await type(city, 'request', situations, request, pages, ran, other),
    await type(city, 'supervision', supervision, order, pages, ran, other),
  ];
  for (const [who, page] of pages) {
    check(`markup by staff: ${who} has no error in the console`, page.faults.length === 0, page.faults);
    await page.context().close();
  }
  // The citizen's page of each of them.
  const citizen = await openPage(browser, {size: 'phone'});
  citizen.on('dialog', (one) => { ran.push(`citizen: ${one.message()}`); void one.dismiss(); });
  for (const [action, filed] of found[0].taken) {
    await keepTicket(citizen, city, filed);
    await citizen.goto(city.portal(`case/${filed.number}`));
    await citizen.locator('.case').first().waitFor();
    await settled(citizen);
    if (await live(citizen) || citizen.faults.length) ran.push(`${action}: lives on the citizen's page ${citizen.faults.splice(0)}`);
  }
  await citizen.context().close();
  check('markup by staff: nothing ran and nothing lives', ran.length === 0, ran);
}

// An element that the markup would have made; the words themselves may stand on the page.
const live = (page) => page.evaluate(() => [...document.querySelectorAll('img[src="x"], [onerror]')].length + [...document.scripts].filter((one) => /alert/.test(one.textContent)).length);

async function type(city, name, situations, make, pages, ran, other) {
  const type = (await city.ask('GET', `/api/v1/packs/${pack}/types/${name}`, {token: city.as('wangwu')})).json;
  const forms = new Map(type.actions.map((one) => [one.id, one]));
  const words = (form) => form.fields.filter((one) => (one.kind === 'text' || one.kind === 'long_text') && !one.list);
  const byStaff = type.actions.filter((one) => one.by.some((role) => role !== 'caller' && role !== 'system'));
  // A suggestion that is not followed asks for a reason: a field for words as well.
  const wanted = byStaff.filter((one) => words(one).length || one.fields.some((field) => field.suggest)).map((one) => one.id);
  const wordless = byStaff.map((one) => one.id).filter((one) => !wanted.includes(one));
  const typed = new Set(), tried = new Set(), taken = new Map(), unfilled = [], refused = new Map();
  const entries = new Map();
  const entry = async (register) => {
    if (!entries.has(register)) entries.set(register, (await city.ask('GET', `/api/v1/registers/${register}?limit=1`, {token: city.as('wangwu')})).json?.items?.[0]?.id);
    return entries.get(register);
  };
  const known = {lead: 'yuzhong-gov', handler: 'yuzhong-urban', line: 'emergency-119', unit: 'yuzhong-gov', bad_cause: 'policy'};
  const body = async (form) => {
    const all = {};
    for (const f of form.fields) {
      if (f.suggest) all[`why_${f.id}`] = markup(2);
      if (f.kind === 'text' || f.kind === 'long_text') all[f.id] = markup(1);
      else if (known[f.id]) all[f.id] = known[f.id];
      else if (!f.must) continue;
      else if (f.kind === 'one_of') all[f.id] = f.list ? [f.options[0].id] : f.options[0].id;
      else if (f.kind === 'entry') all[f.id] = await entry(f.register);
      else if (f.kind === 'yes_no') all[f.id] = form.id !== 'visit';  // not reached: no rating
      else if (f.kind === 'limit') all[f.id] = '2 工作日';
      else if (f.kind === 'instant') all[f.id] = await soon(city);
      else if (f.kind === 'phone') all[f.id] = '13800006601';
      else if (f.kind === 'case') all[f.id] = other.number;
      else throw new Error(`${form.id}: no value for ${f.id} of kind ${f.kind}`);
    }
    return all;
  };
  for (const steps of Object.values(situations)) {
    let fresh;
    for (const [who, page] of pages) {
      const token = city.as(who);
      for (;;) {
        fresh ??= await make(steps);
        const seen = await city.ask('GET', `/api/v1/cases/${fresh.id}`, {token});
        const next = seen.json?.actions?.find((one) => one.offered && wanted.includes(one.action) && !taken.has(one.action) && !tried.has(`${who} ${one.action}`));
        if (!next) break;
        const form = forms.get(next.action);
        await page.goto(city.desk(`cases/${fresh.id}?act=${next.action}`));
        await page.locator('.facts-pane').waitFor();
        await settled(page);
        const panel = page.locator('.act-panel');
        // A choice that brings further fields is made first; then every field for words that can be seen.
        for (const one of form.fields.filter((field) => field.kind === 'yes_no')) await panel.locator(`input[type=radio][name=act-${one.id}]`).first().check({force: true});
        const filled = [];
        for (const field of words(form)) {
          const input = panel.locator(`#act-${field.id}`);
          if (!(await input.count()) || !(await input.isEditable())) { unfilled.push(`${next.action}.${field.id}`); continue; }
          await input.fill(markup(3));
          filled.push(field.id);
        }
        for (const field of await panel.locator('textarea, input[type=text], input:not([type])').all()) if (await field.isVisible() && await field.isEditable()) await field.fill(markup(3));
        typed.add(next.action);
        tried.add(`${who} ${next.action}`);
        await settled(page);
        if (await live(page)) ran.push(`${next.action}: lives in the form`);
        const done = await city.ask('POST', `/api/v1/cases/${fresh.id}/actions/${next.action}`, {token, body: await body(form), headers: {'If-Match': seen.headers.get('etag')}});
        if (done.status !== 200) { refused.set(next.action, `${done.json?.code} ${done.json?.detail} ${JSON.stringify(done.json?.fields ?? '')}`.slice(0, 200)); fresh = undefined; continue; }
        taken.set(next.action, fresh);
        await page.goto(city.desk(`cases/${fresh.id}`));
        await page.locator('.facts-pane, .trouble').first().waitFor();
        await settled(page);
        if (await live(page)) ran.push(`${next.action}: lives on the work order`);
        for (const fold = page.locator('.history button.fold[aria-expanded=false]'); await fold.count();) await fold.first().click();
        const shown = await page.locator('body').innerText();
        // Who handed the case on may no longer see it.
        if (await page.locator('.facts-pane').count()) check(`markup by staff: ${name} ${next.action} stands as text on the work order`, shown.includes('<img src=x'), shown.slice(-600));
        fresh = undefined;
      }
    }
  }
  console.log(`markup by staff, ${name}: ${typed.size} of ${wanted.length} acts with words typed into, ${taken.size} taken; acts without a field for words: ${wordless.join(' ') || 'none'}`);
  const missed = wanted.filter((one) => !typed.has(one));
  check(`markup by staff: every act of a ${name} with a field for words is reached (missed: ${missed.join(' ') || 'none'})`, wanted.length > 0 && missed.length === 0, missed);
  check(`markup by staff: every field for words of a ${name} stands on its form`, unfilled.length === 0, unfilled);
  check(`markup by staff: every act of a ${name} is taken with markup in it`, taken.size === wanted.length, [...refused].filter(([one]) => !taken.has(one)));
  // Named here, so that an act which gains or loses its words is noticed.
  const silent = {request: 'accept ask_confidential correct_phone', supervision: 'issue'}[name];
  check(`markup by staff: acts of a ${name} in which staff write no words: ${silent}`, wordless.sort().join(' ') === silent, wordless);
  return {taken};
}
