// Wrong use that needs a closer look: markup in every field there is, pictures that are bombs, guessed codes and
// passwords, acts on what is over, long and pasted text through to the desk.
import {writeFileSync} from 'node:fs';
import path from 'node:path';
import {png} from '../e2e/png.mjs';
import {check} from '../e2e/program.mjs';
import {openPage, settled} from './browser.mjs';
import {City, Hands, pack, story} from './kit.mjs';
import {fill, next} from './journeys.mjs';

const markup = (n) => `<img src=x onerror=alert(${n})><script>alert(${n})</script>`;

export async function attacks(browser, city) {
  await everyField(browser, city);
  await pictures(browser, city);
  await over(browser, city);
  await longText(browser, city);
  await guessing(browser);
}

// Everything a stranger and the staff can write, then every page that shows it.
async function everyField(browser, city) {
  const form = {title: markup(1), content: markup(2) + story, address: markup(3), name: markup(4), phone: '13800004401'};
  const filed = await city.file(form);
  await city.bring(filed, 'hand_down');
  await city.act(filed, 'zhangsan', 'add_facts', {text: markup(5)});
  await city.bring({...filed, at: 'hand_down'}, 'review');
  const opened = [];
  const watch = async (where, size, prepare) => {
    const page = await openPage(browser, {size});
    page.on('dialog', (one) => { opened.push(`${where}: ${one.message()}`); void one.dismiss(); });
    await prepare(page);
    await settled(page);
    const live = await page.evaluate(() => [...document.querySelectorAll('img[src="x"], [onerror]')].length + [...document.scripts].filter((one) => /alert/.test(one.textContent)).length);
    check(`markup in every field: none of it lives on ${where}`, live === 0 && page.faults.length === 0, [live, page.faults]);
    const text = await page.locator('body').innerText();
    check(`markup in every field: it stands as text on ${where}`, text.includes('<img src=x') || text.includes('<script>'), text.slice(0, 200));
    return page;
  };
  const track = async (page) => {
    await page.goto(city.portal('track'));
    await page.locator('input[id$=-number]').first().fill(filed.number);
    await page.locator('input[id$=-code]').first().fill(filed.tracking_code);
    await page.locator('.track-form button.solid').click();
    await page.locator('.case-grid').waitFor();
  };
  const portal = await watch('the page of the case', 'phone', track);
  // Rated badly, with markup in the words; then the desk again.
  await portal.locator('section.awaits input[value=very_dissatisfied]').check({force: true});
  await settled(portal);
  for (const area of await portal.locator('section.awaits textarea').all()) await area.fill(markup(6));
  const reason = portal.locator('section.awaits input[type=checkbox]').first();
  if (await reason.count()) await reason.check({force: true});
  for (const group of await portal.locator('section.awaits fieldset').all()) {
    const radios = group.locator('input[type=radio]');
    if (await radios.count() && !(await group.locator('input:checked').count())) await radios.first().check({force: true});
  }
  await portal.locator('section.awaits button.solid').click();
  await portal.locator('section.awaits').waitFor({state: 'detached'});
  await portal.context().close();
  const as = (who, where, ready) => async (page) => { await city.signIn(page, who); await page.goto(city.desk(where)); await page.locator(ready).first().waitFor(); };
  for (const [name, prepare] of [
    ['the work order', as('zhangsan', `cases/${filed.id}`, '.facts-pane')],
    ['the inbox', as('zhangsan', 'inbox?view=unit&sort=changed', '.list-pane li')],
    ['the table', as('zhangsan', 'inbox?view=unit&sort=changed&as=table', 'tbody tr')],
  ]) await (await watch(name, 'desktop', prepare)).context().close();
  check('markup in every field: nothing ran', opened.length === 0, opened);
}

async function pictures(browser, city) {
  const page = await openPage(browser, {size: 'phone'});
  await page.goto(city.portal(`file/${pack}/request`));
  await fill(page, new Hands(page), {phone: '13800004402', until: 'where'});
  await next(page).click();
  await page.waitForURL(/s=photos/);
  const made = (name, bytes) => { const file = path.join(city.root, name); writeFileSync(file, bytes); return file; };
  const huge = png(10000, 10000);
  check('the bomb is small', huge.length < 100_000, huge.length);
  await page.locator('input[type=file]').setInputFiles([
    made('bomb.png', huge), made('drawing.svg', '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(7)</script></svg>'), made('good.png', png(64, 64)),
  ]);
  await page.locator('.file-list li').first().waitFor();
  await settled(page);
  await next(page).click();
  await page.waitForURL(/s=contact/);
  await page.locator('#f-phone').fill('13800004402');
  await next(page).click();
  await page.waitForURL(/s=check/);
  await next(page).click();
  await page.waitForURL(/\/done/);
  await page.locator('#sending').waitFor();
  await page.waitForFunction(() => !document.body.innerText.includes('正在送'), null, {timeout: 60000});
  const list = await page.locator('section[aria-labelledby=sending]').innerText();
  const number = (await page.locator('.ticket .number').innerText()).trim();
  const code = (await page.locator('.ticket .code').innerText()).replace(/\s/g, '');
  const tracked = await city.ask('POST', '/api/v1/trackings', {body: {number, code}});
  const kept = tracked.json?.case?.documents ?? [];
  check('a picture of 100 megapixels and a drawing with a script are not kept, the good one is', kept.length === 1 && kept[0].name === 'good.png', [list, kept]);
  check('a picture of 100 megapixels is refused with a sentence', /bomb\.png\s+(?!已送到)\S{4,}/.test(list), list);
  const direct = await fetch(`${city.url}/api/v1/cases/${tracked.json.case.id}/documents?name=drawing.svg`, {method: 'POST', headers: {Authorization: `Bearer ${tracked.json.token}`, 'Content-Type': 'image/svg+xml'}, body: '<svg xmlns="http://www.w3.org/2000/svg"/>'});
  check('a drawing with scripts is no picture for the service either', direct.status >= 400 && direct.status < 500, direct.status);
  const alive = await city.ask('GET', '/healthz');
  check('pictures: the service goes on', alive.status === 200 && page.faults.length === 0, page.faults);
  await page.context().close();
}

// A page that was opened before the case was closed: its act is refused with a sentence, and nothing is offered anew.
async function over(browser, city) {
  const ended = await city.file({title: '很快办完的事', phone: '13800004403'});
  await city.bring(ended, 'accept');
  const page = await openPage(browser);
  await city.signIn(page, 'wangwu');
  await page.route(/\/events/, (route) => route.abort());
  await page.goto(city.desk(`cases/${ended.id}?act=dispatch`));
  await page.locator('.suggested').first().waitFor();
  await page.locator('#act-note').fill('晚了一步');
  await city.bring(ended, 'review');
  const tracked = await city.ask('POST', '/api/v1/trackings', {body: {number: ended.number, code: ended.tracking_code}});
  const rated = await city.ask('POST', `/api/v1/cases/${ended.id}/actions/rate`, {body: {rating: 'satisfied'}, token: tracked.json.token, headers: {'If-Match': `"v${tracked.json.case.version}"`}});
  check('over: the case is closed', rated.status === 200, rated.text.slice(0, 200));
  await page.locator('#act-note').focus();
  await page.keyboard.press('Control+Enter');
  await page.locator('.conflict, .refusal, .trouble').first().waitFor();
  await settled(page);
  const said = await page.locator('.conflict, .refusal, .trouble').first().innerText();
  check('over: the page says so and keeps what was typed', said.length > 10 && (said.includes('晚了一步') || (await page.locator('#act-note').inputValue().catch(() => '')) === '晚了一步'), said);
  const mine = page.locator('.conflict button.solid');
  if (await mine.count()) { await mine.click(); await settled(page); }
  const now = await city.ask('GET', `/api/v1/cases/${ended.id}`, {token: city.as('wangwu')});
  check('over: nothing has happened to it', now.json?.state?.id === 'archived' && now.json.acts.filter((one) => one.action === 'dispatch').length === 1, now.json?.state);
  const direct = await city.ask('POST', `/api/v1/cases/${ended.id}/actions/dispatch`, {body: {lead: 'yuzhong-gov'}, token: city.as('wangwu'), headers: {'If-Match': `"v${now.json.version}"`}});
  check('over: the service refuses with a reason', direct.status === 409 && (direct.json?.detail ?? '').length > 4, `${direct.status} ${direct.text.slice(0, 200)}`);
  await page.reload();
  await page.locator('.facts-pane').waitFor();
  await settled(page);
  const offers = await page.locator('.offers:not(.not) button.offer').allInnerTexts();
  check('over: it is not offered again', !offers.some((one) => one.includes('派发')), offers);
  await page.context().close();
}

// As much as the form takes, with a table pasted from a page, through to the desk.
async function longText(browser, city) {
  const page = await openPage(browser, {size: 'phone'});
  await page.goto(city.portal(`file/${pack}/request`));
  const field = page.locator('#f-content');
  await field.waitFor();
  const most = Number(await field.getAttribute('maxlength')) || 5000;
  await field.evaluate((area) => {
    const paste = new DataTransfer();
    paste.setData('text/plain', '序号\t姓名\t金额\r\n1\t张\t30\r\n');
    paste.setData('text/html', '<table><tr><td>序号</td><td>姓名</td></tr><tr><td>1</td><td><img src=x onerror=alert(8)></td></tr></table>');
    area.focus();
    if (area.dispatchEvent(new ClipboardEvent('paste', {clipboardData: paste, bubbles: true, cancelable: true}))) document.execCommand('insertText', false, paste.getData('text/plain'));
  });
  const table = await field.inputValue();
  check('a pasted table keeps its rows and columns', /^序号\t姓名\t金额\n1\t张\t30\n?$/.test(table), table);
  const long = table.trimEnd() + '\n' + '长'.repeat(most - table.length - 20) + '𠮷末尾';
  await fill(page, new Hands(page), {text: '', phone: '13800004404', until: 'what'});
  await field.fill(long);
  await next(page).click();
  await page.waitForURL(/s=where/);
  await new Hands(page).entry(page.locator('#f-division'), '渝中');
  await page.locator('#f-address').fill('民权路18号');
  await next(page).click();
  await page.waitForURL(/s=photos/);
  await next(page).click();
  await page.waitForURL(/s=contact/);
  await page.locator('#f-phone').fill('13800004404');
  await next(page).click();
  await page.waitForURL(/s=check/);
  await next(page).click();
  await page.waitForURL(/\/done/);
  const number = (await page.locator('.ticket .number').innerText()).trim();
  const code = (await page.locator('.ticket .code').innerText()).replace(/\s/g, '');
  const tracked = await city.ask('POST', '/api/v1/trackings', {body: {number, code}});
  check(`${most} letters arrive whole`, tracked.json?.case?.fields?.content === long, `${tracked.json?.case?.fields?.content?.length} of ${long.length}`);
  const desk = await openPage(browser);
  await city.signIn(desk, 'zhangsan');
  await desk.goto(city.desk(`cases/${tracked.json.case.id}`));
  await desk.locator('.facts-pane').waitFor();
  check(`${most} letters stand at the desk to the end`, (await desk.locator('.facts-pane').innerText()).includes('𠮷末尾'));
  check('long text: nothing in the console', page.faults.length === 0 && desk.faults.length === 0, [page.faults, desk.faults]);
  await desk.context().close();
  await page.context().close();
}

// With the limits as they are in service: after some wrong codes or passwords nobody may go on guessing.
async function guessing(browser) {
  const city = new City();
  try {
    await city.open({limits: true});
    const filed = await city.file({phone: '13800004405'});
    const page = await openPage(browser, {size: 'phone'});
    await page.goto(city.portal('track'));
    await page.locator('input[id$=-number]').first().fill(filed.number);
    const said = [];
    for (let i = 0; i < 30 && !/稍后|分钟|太多|频繁/.test(said.at(-1) ?? ''); ++i) {
      await page.locator('input[id$=-code]').first().fill(`AAAAA${String(10000 + i).slice(1)}A`);
      await page.locator('.track-form button.solid').click();
      await settled(page);
      said.push(await page.locator('.error-summary').innerText());
    }
    check('guessed codes: soon the page says that it is enough', said.length > 1 && said.length < 30, [said.length, said.at(-1)]);
    const right = await city.ask('POST', '/api/v1/trackings', {body: {number: filed.number, code: filed.tracking_code}});
    check('guessed codes: from then on not even the right one tells anything', right.status === 429, right.status);
    await page.context().close();
  } finally { await city.close(); }
  // Another service: the limits count by address, and the codes have used this one up.
  const office = new City();
  try {
    await office.open({limits: true});
    const desk = await openPage(browser);
    await desk.goto(office.desk('sign-in'));
    const words = [];
    for (let i = 0; i < 30 && !/稍后|分钟/.test(words.at(-1) ?? ''); ++i) {
      await desk.locator('input[name=username]').fill('zhangsan');
      await desk.locator('input[name=password]').fill(`guess number ${i}`);
      await desk.locator('form.signin button[type=submit]').click();
      await settled(desk);
      words.push(await desk.locator('.trouble').first().innerText());
    }
    check('guessed passwords: soon the page says that it is enough', words.length > 1 && words.length < 30, [words.length, words.at(-1)]);
    check('guessed passwords: no word tells whether the name exists', words[0] === words[1] || !/没有.*账号|不存在/.test(words[0]), words[0]);
    await desk.context().close();
  } finally { await office.close(); }
}
