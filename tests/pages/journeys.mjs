// The journeys that must be a pleasure, played by hands that count: used by the suite (as fast as it goes) and by
// ./dev bench web (five characters a second).
import {check} from '../e2e/program.mjs';
import {openPage} from './browser.mjs';
import {Hands, pack, story} from './kit.mjs';

export const text120 = [...story].slice(0, 120).join('');
export const next = (page) => page.locator('.bar button.solid');

// Fills one page after the other up to the check page. `until` stops before that step.
export async function fill(page, hands, {text = story, phone = '13800001234', until = 'check'} = {}) {
  const at = async (step) => { await page.waitForURL(new RegExp(`[?&]s=${step}`)); };
  await hands.write(page.locator('#f-content'), text);
  await hands.choose(page.locator('#f-kind input[value=help]'));
  if (until === 'what') return;
  await hands.hit(next(page));
  await at('where');
  await hands.entry(page.locator('#f-division'), '渝中');
  await hands.write(page.locator('#f-address'), '民权路18号');
  if (until === 'where') return;
  await hands.hit(next(page));
  await at('photos');
  if (until === 'photos') return;
  await hands.hit(next(page));
  await at('contact');
  await hands.write(page.locator('#f-phone'), phone);
  if (until === 'contact') return;
  await hands.hit(next(page));
  await at('check');
}

// Journey 1, first half: from the home page to number and code.
export async function citizenFiles(page, city, {keys = false, speed = 0, text = story} = {}) {
  const hands = new Hands(page, {keys, speed});
  let server = 0;
  const timed = (request) => { const t = request.timing(); if (request.url().includes('/api/') && t.responseEnd > 0) server += t.responseEnd - Math.max(0, t.requestStart); };
  page.on('requestfinished', timed);
  await page.goto(city.portal());
  const begun = Date.now();
  await hands.hit(page.locator(`a[href$="file/${pack}/request"]`));
  await page.locator('#f-content').waitFor();
  await fill(page, hands, {text});
  await hands.hit(next(page));
  await page.waitForURL(/\/portal\/done/);
  const number = (await page.locator('.ticket .number').innerText()).trim();
  const seconds = (Date.now() - begun) / 1000;
  page.off('requestfinished', timed);
  const code = (await page.locator('.ticket .code').innerText()).replace(/\s/g, '');
  return {number, code, seconds, keys: hands.keys, clicks: hands.clicks, server: server / 1000};
}

// Journey 1, second half: rating in two taps on the page of the answered request.
export async function citizenRates(page, {keys = false} = {}) {
  const hands = new Hands(page, {keys});
  const form = page.locator('section.awaits form');
  await form.waitFor();
  await hands.choose(form.locator('input[value=satisfied]'));
  await hands.hit(form.locator('button.solid'));
  await page.locator('section.awaits').waitFor({state: 'detached'});
  return {keys: hands.keys, clicks: hands.clicks};
}

// Journey 2: from the ring to a request that is registered, accepted and dispatched to the unit that the table suggests,
// in one go and by keyboard.
export async function agentTakesCall(page, city, {speed = 0, text = story} = {}) {
  const hands = new Hands(page, {keys: true, speed});
  await page.goto(city.desk('call'));
  await page.locator('#call-content').waitFor();
  await page.waitForFunction(() => document.activeElement?.id === 'call-phone');
  let server = 0;
  const timed = (request) => { const t = request.timing(); if (request.url().includes('/api/') && t.responseEnd > 0) server += t.responseEnd - Math.max(0, t.requestStart); };
  page.on('requestfinished', timed);
  const begun = Date.now();
  await hands.type('13800004321');
  await hands.write(page.locator('#call-content'), text);
  await hands.choose(page.locator('#call-kind input[value=help]'));
  await hands.entry(page.locator('#call-division'), '渝中');
  await hands.write(page.locator('#call-address'), '民权路18号');
  // Each way has its number on the button.
  const ways = await page.locator('.way strong').allInnerTexts();
  await hands.press(`Alt+${ways.indexOf('派发工单') + 1}`);
  for (const [field, value] of [['area', 'society'], ['subject', 'planning'], ['scope', 'local'], ['nature', 'ordinary']]) {
    const radio = page.locator(`#call-${field} input[value=${value}]`);
    if (await radio.count()) { await hands.choose(radio); continue; }
    const list = page.locator(`select#call-${field}`);
    if (!(await list.count())) continue;
    await hands.reach(list);
    for (let i = 0; i < 20 && (await list.inputValue()) !== value; ++i) await hands.press('ArrowDown');
  }
  await hands.press('Control+Enter');
  await page.locator('.call-done').waitFor();
  const seconds = (Date.now() - begun) / 1000;
  page.off('requestfinished', timed);
  const number = /\d{5}-\d{4}-\d{6}/.exec(await page.locator('.call-done').innerText())?.[0];
  return {number, seconds, keys: hands.keys, clicks: hands.clicks, server: server / 1000};
}

export async function journeys(browser, city) {
  for (const keys of [false, true]) {
    const way = keys ? 'by keyboard' : 'by touch';
    const page = await openPage(browser, {size: 'phone'});
    const filed = await citizenFiles(page, city, {keys});
    check(`journey 1 ${way}: number and code`, /^\d{5}-\d{4}-\d{6}$/.test(filed.number) && filed.code.length >= 8, filed);
    check(`journey 1 ${way}: the mouse stays where it is`, !keys || filed.clicks === 0, filed);
    const code = filed.code;
    await new Hands(page, {keys}).hit(next(page));
    await page.waitForURL(/\/portal\/case\//);
    const found = await city.ask('POST', '/api/v1/trackings', {body: {number: filed.number, code}});
    await city.bring({id: found.json.case.id}, 'review');
    await page.goto(city.portal('track'));
    const hands = new Hands(page, {keys});
    await hands.write(page.locator('#t-number, input[id$=-number]').first(), filed.number);
    await hands.write(page.locator('input[id$=-code]').first(), code);
    await hands.hit(page.locator('.track-form button.solid'));
    const rated = await citizenRates(page, {keys});
    check(`journey 1 ${way}: two taps rate`, keys ? rated.clicks === 0 : rated.clicks === 2, rated);
    const now = await city.ask('POST', '/api/v1/trackings', {body: {number: filed.number, code}});
    check(`journey 1 ${way}: the rating has arrived`, now.json?.case?.state?.id === 'archived', now.text.slice(0, 300));
    check(`journey 1 ${way}: nothing in the console`, page.faults.length === 0, page.faults);
    await page.context().close();
  }
  const page = await openPage(browser);
  await city.signIn(page, 'zhangsan');
  const call = await agentTakesCall(page, city);
  const state = async () => (await city.ask('GET', `/api/v1/cases/${call.number}`, {token: city.as('zhangsan')})).json?.state?.id;
  check('journey 2: the call is dispatched', !!call.number && (await state()) === 'dispatched', {...call, state: await state()});
  check('journey 2: at most two clicks', call.clicks <= 2, call);
  await page.locator('.undo').waitFor();
  await page.keyboard.press('Alt+z');
  await page.locator('.undo').waitFor({state: 'detached'});
  check('journey 2: the agent takes it back within ten seconds', (await state()) === 'accepted', await state());
  check('journey 2: nothing in the console of the call desk', page.faults.length === 0, page.faults);
  await page.context().close();
  // The dispatcher sends it out anew, with ten seconds to take it back.
  const pool = await openPage(browser);
  await city.signIn(pool, 'wangwu');
  const cases = await city.ask('GET', '/api/v1/cases?holder=unit:hotline&state=accepted&limit=50', {token: city.as('wangwu')});
  const row = cases.json?.items?.find((one) => one.number === call.number);
  check('journey 2: the dispatcher finds it', !!row, cases.text.slice(0, 300));
  await pool.goto(city.desk(`cases/${row.id}?act=dispatch`));
  await pool.locator('.suggested').first().waitFor();
  await pool.locator('#act-lead').focus();
  await pool.keyboard.press('Control+Enter');
  await pool.locator('.undo').waitFor();
  check('journey 2: the undo strip counts down', /\d/.test(await pool.locator('.undo').innerText()));
  await pool.keyboard.press('Alt+z');
  await pool.locator('.undo').waitFor({state: 'detached'});
  const back = await city.ask('GET', `/api/v1/cases/${row.id}`, {token: city.as('wangwu')});
  check('journey 2: taken back', back.json?.state?.id === 'accepted', back.text.slice(0, 200));
  check('journey 2: nothing in the console', pool.faults.length === 0, pool.faults);
  await pool.context().close();
}
