// Markup in every field that the staff can write: every act that somebody is offered in any state that a request can be
// brought to has its form filled with it on the page, then the act is taken, and the work order and the citizen's page
// show it as text. Nothing of it may live.
import {check} from '../e2e/program.mjs';
import {openPage, settled} from './browser.mjs';
import {pack} from './kit.mjs';

const markup = (n) => `<img src=x onerror=alert(${n})><script>alert(${n})</script>`;
const people = ['zhangsan', 'wangwu', 'zhoujiu', 'wushi', 'zhengzhong', 'lisi', 'zhaoliu', 'qianqi', 'sunba'];
const stops = ['', 'accept', 'dispatch', 'hand_down', 'reply', 'review'];

export async function staff(browser, city) {
  const type = (await city.ask('GET', `/api/v1/packs/${pack}/types/request`)).json;
  const forms = new Map(type.actions.map((one) => [one.id, one]));
  const texts = (form) => form.fields.filter((one) => one.kind === 'text' || one.kind === 'long_text' || one.suggest);
  const wanted = type.actions.filter((one) => texts(one).length && one.by.some((role) => role !== 'caller' && role !== 'system')).map((one) => one.id);
  const ran = [];
  const formless = [];
  const typed = new Set(), taken = new Map(), refused = new Map();
  const other = await city.file({title: '另一件事', phone: '13800006600'});
  await city.bring(other, 'accept');
  const first = new Map();
  const entry = async (register) => {
    if (!first.has(register)) first.set(register, (await city.ask('GET', `/api/v1/registers/${register}?limit=1`, {token: city.as('wangwu')})).json?.items?.[0]?.id);
    return first.get(register);
  };
  const body = async (form) => {
    const all = {};
    for (const f of form.fields) {
      if (f.suggest) all[`why_${f.id}`] = markup(2);
      if (f.kind === 'text' || f.kind === 'long_text') all[f.id] = f.id === 'phone' ? '13800006601' : markup(1);
      else if (!f.must) continue;
      else if (f.kind === 'one_of') all[f.id] = f.list ? [f.options[0].id] : f.options[0].id;
      else if (f.kind === 'entry') all[f.id] = {lead: 'yuzhong-gov', handler: 'yuzhong-planning'}[f.id] ?? (await entry(f.register));
      else if (f.kind === 'yes_no') all[f.id] = true;
      else if (f.kind === 'number') all[f.id] = 1;
      else if (f.kind === 'limit') all[f.id] = '2 工作日';
      else if (f.kind === 'date') all[f.id] = new Date((await city.now()).getTime() + 3 * 86_400_000).toISOString().slice(0, 10);
      else if (f.kind === 'instant') { await new Promise((done) => setTimeout(done, 1100)); all[f.id] = (await city.now()).toISOString(); }  // whole seconds
      else if (f.kind === 'phone') all[f.id] = '13800006601';
      else if (f.kind === 'case') all[f.id] = other.number;
    }
    return all;
  };
  const live = (page) => page.evaluate(() => [...document.querySelectorAll('img[src="x"], [onerror]')].length + [...document.scripts].filter((one) => /alert/.test(one.textContent)).length);

  for (const who of people) {
    const token = city.as(who);
    const page = await openPage(browser, {options: {extraHTTPHeaders: {Authorization: `Bearer ${token}`}}});
    page.on('dialog', (one) => { ran.push(`${who}: ${one.message()}`); void one.dismiss(); });
    for (const stop of stops) {
      let fresh;
      for (let again = true; again;) {
        again = false;
        if (!fresh) {
          fresh = await city.file({title: '要写标记的事', phone: '13800006602'});
          if (stop) await city.bring(fresh, stop);
        }
        const seen = await city.ask('GET', `/api/v1/cases/${fresh.id}`, {token});
        const next = seen.json?.actions?.find((one) => one.offered && wanted.includes(one.action) && !typed.has(one.action));
        if (!next) break;
        again = true;
        typed.add(next.action);
        await page.goto(city.desk(`cases/${fresh.id}?act=${next.action}`));
        await page.locator('.facts-pane').waitFor();
        await settled(page);
        if (!(await page.locator('.act-panel').count())) formless.push(next.action);
        for (const field of await page.locator('.act-panel').locator('textarea, input[type=text], input:not([type])').all()) if (await field.isVisible() && await field.isEditable()) await field.fill(markup(3));
        await settled(page);
        if (await live(page)) ran.push(`${next.action}: lives in the form`);
        const done = await city.ask('POST', `/api/v1/cases/${fresh.id}/actions/${next.action}`, {token, body: await body(forms.get(next.action)), headers: {'If-Match': seen.headers.get('etag')}});
        if (done.status !== 200) { refused.set(next.action, `${done.json?.code} ${done.json?.detail} ${JSON.stringify(done.json?.fields ?? '')}`.slice(0, 160)); continue; }
        taken.set(next.action, fresh);
        await page.goto(city.desk(`cases/${fresh.id}`));
        await page.locator('.facts-pane, .trouble').first().waitFor();
        await settled(page);
        if (await live(page)) ran.push(`${next.action}: lives on the work order`);
        for (const fold = page.locator('.history button.fold[aria-expanded=false]'); await fold.count();) await fold.first().click();
        const shown = await page.locator('body').innerText();
        // Who handed the case on may no longer see it.
        if (await page.locator('.facts-pane').count()) check(`markup by staff: ${next.action} stands as text on the work order`, shown.includes('<img src=x'), shown.slice(-600));
        fresh = undefined;
      }
    }
    check(`markup by staff: ${who} has no error in the console`, page.faults.length === 0, page.faults);
    await page.context().close();
  }
  // The citizen's page of each of them.
  for (const [action, filed] of taken) {
    const tracked = await city.ask('POST', '/api/v1/trackings', {body: {number: filed.number, code: filed.tracking_code}});
    const page = await openPage(browser, {size: 'phone'});
    page.on('dialog', (one) => { ran.push(`${action}: ${one.message()}`); void one.dismiss(); });
    await page.addInitScript(([number, ticket]) => sessionStorage.setItem('tongban.tickets', JSON.stringify({cases: {[number]: ticket}})), [filed.number, {token: tracked.json.token, expires: tracked.json.expires_at}]);
    await page.goto(city.portal(`case/${filed.number}`));
    await page.locator('.case').first().waitFor();
    await settled(page);
    if (await live(page) || page.faults.length) ran.push(`${action}: lives on the citizen's page ${page.faults}`);
    await page.context().close();
  }
  check('markup by staff: nothing ran and nothing lives', ran.length === 0, ran);
  console.log(`markup by staff: typed into ${typed.size} of ${wanted.length} acts with texts, taken ${taken.size}; not reached: ${wanted.filter((one) => !typed.has(one)).join(' ')}; without a form on the page: ${formless.join(' ') || 'none'}; refused: ${[...refused].map(([a, why]) => `${a} (${why})`).join('; ')}`);
  check('markup by staff: each act that is offered has its form on the page', formless.length === 0, formless);
  check('markup by staff: most acts with texts are reached and taken', typed.size >= 15 && taken.size >= 12, [[...typed], [...refused]]);
}
