// Nothing typed is lost, where a text goes with an act: reload, back, a cut network, an answer lost on the way, a session
// that ends in the middle, a colleague who is first, two tabs; on the portal and at the desk. (Filing: drafts.mjs.)
import {check} from '../e2e/program.mjs';
import {openPage, settled} from './browser.mjs';
import {Hands} from './kit.mjs';

export async function kept(browser, city) {
  await portalAct(browser, city);
  await deskAct(browser, city);
  await deskCall(browser, city);
}

const value = async (page, field, text, what) => {
  await page.locator(field).waitFor();
  const now = await page.locator(field).inputValue();
  check(what, now === text, now);
};
const offline = (page, yes) => page.context().setOffline(yes);
const acts = async (city, filed, action) => ((await city.ask('GET', `/api/v1/cases/${filed.id}`, {token: city.as('zhangsan')})).json?.acts ?? []).filter((one) => one.action === action);
// The first answer to such a request is lost on the way back.
const loseAnswer = async (page, address) => {
  let lost = 0;
  await page.route(address, async (route) => { if (lost++) return route.continue(); await route.fetch(); await route.abort(); });
};

async function portalAct(browser, city) {
  const field = '#a-add_facts-text';
  const filed = await city.file({title: '补充情况的事', phone: '13800007701'});
  await city.bring(filed, 'accept');
  const open = async (page) => {
    await page.goto(city.portal('track'));
    await page.locator('input[id$=-number]').first().fill(filed.number);
    await page.locator('input[id$=-code]').first().fill(filed.tracking_code);
    await page.locator('.track-form button.solid').click();
    await page.locator('.case-grid').waitFor();
    await start(page);
  };
  const start = async (page) => {
    await page.locator('nav.acts button', {hasText: '补充情况'}).click();
    await page.locator(field).waitFor();
  };
  const send = (page) => page.locator('section[aria-labelledby="a-add_facts-title"] form button.solid').last().click();
  const page = await openPage(browser, {size: 'phone', allowed: [/ERR_/]});
  await open(page);
  await page.locator(field).fill('第一次写的补充');
  await page.reload();
  await page.locator('.case-grid').waitFor();
  await start(page);
  await value(page, field, '第一次写的补充', 'portal act: survives a reload a moment after the last letter');
  await page.locator(field).fill('回来以后又加了几个字');
  await page.goto(city.portal('my'));
  await page.goBack();
  await page.locator('.case-grid').waitFor();
  await start(page);
  await value(page, field, '回来以后又加了几个字', 'portal act: is there after going away and back');
  // Two tabs.
  const second = await page.context().newPage();
  await open(second);
  await value(second, field, '回来以后又加了几个字', 'portal act: another tab finds the draft');
  await second.locator(field).fill('另一个标签页改的');
  await page.locator('[role=alert] button', {hasText: '用那边的'}).waitFor();
  await page.locator('[role=alert] button', {hasText: '用那边的'}).click();
  await value(page, field, '另一个标签页改的', 'portal act: two tabs, the version chosen is there');
  await second.close();
  // The network is cut, then an answer is lost.
  await offline(page, true);
  await send(page);
  await page.locator('.refusal').waitFor();
  await value(page, field, '另一个标签页改的', 'portal act: a cut network leaves what was typed');
  check('portal act: nothing was sent', (await acts(city, filed, 'add_facts')).length === 0);
  await offline(page, false);
  await loseAnswer(page, /actions\/add_facts/);
  await send(page);
  await page.locator('.refusal').waitFor();
  await send(page);
  await page.locator(field).waitFor({state: 'detached'});
  const once = await acts(city, filed, 'add_facts');
  check('portal act: an answer lost on the way, done once', once.length === 1 && JSON.stringify(once).includes('另一个标签页改的'), once);
  await page.unroute(/actions\/add_facts/);
  // The office is first: what it did is shown beside what was typed.
  await settled(page);
  await start(page);
  await page.locator(field).fill('我这里还有一点');
  await city.act(filed, 'zhangsan', 'add_facts', {text: '坐席先补充的'});
  await send(page);
  await page.locator('.versions').waitFor();
  const both = await page.locator('.versions').innerText();
  check('portal act: someone was first, both versions are shown', both.includes('我这里还有一点') && both.includes('补充情况'), both);
  await page.locator('.versions ~ .buttons button.solid').click();
  await page.locator(field).waitFor({state: 'detached'});
  check('portal act: someone was first, then it goes', (await acts(city, filed, 'add_facts')).length === 3);
  // The ticket ends in the middle: number and code again over the page, then the act goes on.
  await settled(page);
  await start(page);
  await page.locator(field).fill('会话过期时写的');
  let ended = 0;
  await page.route(/actions\/add_facts/, (route) => (ended++ ? route.continue() : route.fulfill({status: 401, contentType: 'application/problem+json', body: JSON.stringify({type: 'about:blank', title: '请重新登录', status: 401, detail: '登录已经过期。', code: 'signed_out'})})));
  await send(page);
  await page.locator('dialog input[id$=-code]').waitFor();
  await page.locator('dialog input[id$=-code]').fill(filed.tracking_code);
  await page.locator('dialog .track-form button.solid').click();
  await page.locator(field).waitFor({state: 'detached'});
  check('portal act: the session ended in the middle, it goes on with what was typed', JSON.stringify(await acts(city, filed, 'add_facts')).includes('会话过期时写的'));
  check('portal act: nothing else in the console', page.faults.length === 0, page.faults);
  await page.context().close();
}

async function deskAct(browser, city) {
  const field = '#act-note', at = (filed) => city.desk(`cases/${filed.id}?act=dispatch`);
  const filed = await city.file({title: '要转办的事', phone: '13800007702'});
  await city.bring(filed, 'accept');
  const page = await openPage(browser, {allowed: [/ERR_/]});
  await city.signIn(page, 'wangwu');
  const open = async (one) => { await one.goto(at(filed)); await one.locator('.suggested').first().waitFor(); };
  await open(page);
  await page.locator(field).fill('第一次写的话');
  await page.reload();
  await value(page, field, '第一次写的话', 'desk act: survives a reload a moment after the last letter');
  await page.locator(field).fill('又加了几个字');
  await page.locator('nav a[href$="/pool"]').first().click();
  await page.waitForURL(/\/pool/);
  await page.goBack();
  await value(page, field, '又加了几个字', 'desk act: is there after going away and back');
  const second = await page.context().newPage();
  await open(second);
  await second.locator(field).fill('另一个标签页改的');
  await page.locator('.other-tab').waitFor();
  await page.locator('.other-tab button').first().click();
  await value(page, field, '另一个标签页改的', 'desk act: two tabs, the version chosen is there');
  await second.close();
  await offline(page, true);
  await page.locator(field).focus();
  await page.keyboard.press('Control+Enter');
  await page.locator('.refusal, .trouble').first().waitFor();
  await value(page, field, '另一个标签页改的', 'desk act: a cut network leaves what was typed');
  await offline(page, false);
  await loseAnswer(page, /actions\/dispatch/);
  await page.keyboard.press('Control+Enter');
  await page.waitForTimeout(500);
  await page.locator('.refusal, .trouble').first().waitFor();
  await page.locator(field).focus();
  await page.keyboard.press('Control+Enter');
  await page.locator(field).waitFor({state: 'detached'});
  const once = await acts(city, filed, 'dispatch');
  check('desk act: an answer lost on the way, done once', once.length === 1 && JSON.stringify(once).includes('另一个标签页改的'), once);
  check('desk act: nothing else in the console', page.faults.length === 0, page.faults);
  await page.context().close();
  // A colleague first: states.mjs (both versions are shown); the session that ends: drafts.mjs.
}

async function deskCall(browser, city) {
  const field = '#call-content', words = '路灯坏了三天，晚上看不清路。';
  const page = await openPage(browser, {allowed: [/ERR_/]});
  await city.signIn(page, 'zhangsan');
  await page.goto(city.desk('call'));
  await page.locator(field).fill(words);
  await page.locator('nav a[href$="/inbox"]').first().click();
  await page.locator('.list-pane').waitFor();
  await page.goBack();
  await value(page, field, words, 'call: is there after going away and back');
  const second = await page.context().newPage();
  await second.goto(city.desk('call'));
  await value(second, field, words, 'call: another tab finds it');
  await second.locator(field).fill(`${words}另一个标签页`);
  await page.locator('.other-tab').waitFor();
  await page.locator('.other-tab button').first().click();
  await value(page, field, `${words}另一个标签页`, 'call: two tabs, the version chosen is there');
  await second.close();
  await page.locator('#call-phone').fill('13800007703');
  await page.locator('#call-kind input[value=help]').check({force: true});
  await new Hands(page).entry(page.locator('#call-division'), '渝中');
  await page.locator('#call-address').fill('民权路18号');
  await settled(page);
  const ways = await page.locator('.way strong').allInnerTexts();
  await page.keyboard.press(`Alt+${ways.findIndex((one) => /登记|派发/.test(one)) + 1}`);
  for (const [name, chosen] of [['area', 'society'], ['subject', 'planning'], ['scope', 'local'], ['nature', 'ordinary']]) {
    const radio = page.locator(`#call-${name} input[value=${chosen}]`), list = page.locator(`select#call-${name}`);
    if (await radio.count()) await radio.check({force: true}); else if (await list.count()) await list.selectOption(chosen);
  }
  await offline(page, true);
  await page.keyboard.press('Control+Enter');
  await page.locator('.refusal, .trouble').first().waitFor();
  await value(page, field, `${words}另一个标签页`, 'call: a cut network leaves what was typed');
  await offline(page, false);
  // The answer is lost, and the words change before they are sent again: one case, and the page says what is in it.
  await loseAnswer(page, /\/packs\/[^/]+\/request$/);
  await page.keyboard.press('Control+Enter');
  await page.waitForTimeout(500);
  await page.locator('.refusal, .trouble').first().waitFor();
  await page.locator(field).fill(`${words}后来又改了`);
  await page.keyboard.press('Control+Enter');
  await page.locator('.call-done').waitFor();
  const found = await city.ask('POST', '/api/v1/cases/searches', {body: {phone: '13800007703', purpose: '测试'}, token: city.as('zhangsan')});
  check('call: an answer lost on the way, opened once', found.json?.items?.length === 1, found.text.slice(0, 300));
  check('call: it says that the change is not in the case', (await page.locator('.call-done').innerText()).includes('没有进去'), (await page.locator('.call-done').innerText()).slice(0, 300));
  check('call: nothing else in the console', page.faults.length === 0, page.faults);
  await page.context().close();
}
