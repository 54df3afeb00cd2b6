// Every page in every state: axe, nothing wider than the window, no error in the console, a picture; and the
// accessibility tree of each page against its golden file.
import {check} from '../e2e/program.mjs';
import {axeFindings, look, openPage, settled, sidewaysScroll} from './browser.mjs';
import {before, City, Hands, pack} from './kit.mjs';
import {fill, next} from './journeys.mjs';

// A state of the portal; on the phone in large type as well.
async function see(page, name, options = {}) {
  await look(page, name, options);
  const turn = page.locator('.top-link[aria-pressed]');
  if (!name.endsWith('-phone') || options.busy || !(await turn.count())) return;
  const press = () => turn.first().evaluate((button) => button.click());  // narrow pages hide it while somebody files
  await press();
  await settled(page);
  const findings = await axeFindings(page);
  check(`${name} in large type: axe finds nothing`, findings.length === 0, findings);
  check(`${name} in large type: nothing is wider than the window`, (await sidewaysScroll(page)) <= 0, await sidewaysScroll(page));
  await press();
}

// Answers that are held back, fail, or never come, and the way back.
async function hold(page, what) {
  const held = [];
  await page.route(what, (route) => { held.push(route); });
  return async () => { await page.unroute(what); for (const route of held) await route.continue().catch(() => {}); };
}
const fail = (page, what) => page.route(what, (route) => route.fulfill({status: 500, contentType: 'application/problem+json', body: JSON.stringify({title: '服务暂时出错', detail: '请过一会儿再试。', status: 500, code: 'internal', request: '0123456789abcdef'})}));

async function portalPages(browser, city, size, cases) {
  const page = await openPage(browser, {size, allowed: [/ERR_/]});
  const tree = size === 'phone';
  const name = (what) => `portal-${what}-${size}`;
  // Nothing answers yet; everything fails; the network is gone.
  await hold(page, /\/api\/v1\/(site|packs)/);
  await page.goto(city.portal());
  await page.locator('h1').waitFor();
  await see(page, name('home-busy'), {busy: true});
  await page.unrouteAll();
  await fail(page, /\/api\/v1\//);
  await page.goto(city.portal());
  await page.locator('h1').waitFor();
  await see(page, name('home-failed'), {tree});
  await page.unrouteAll();
  await page.goto(city.portal());
  await page.locator('.entries li').first().waitFor();
  await see(page, name('home'), {tree});
  await page.goto(city.portal('search?q=消防栓'));
  await page.locator('h1').waitFor();
  await see(page, name('search'), {tree});
  await page.goto(city.portal('nowhere'));
  await page.locator('h1').waitFor();
  await see(page, name('missing'));
  await page.goto(city.portal('about'));
  await page.locator('h1').waitFor();
  await see(page, name('about'));
  // P2, each step; the first with its error summary.
  await page.goto(city.portal(`file/${pack}/request`));
  await page.locator('#f-content').waitFor();
  await see(page, name('file-what'), {tree});
  await next(page).click();
  await page.locator('.error-summary').waitFor();
  await see(page, name('file-what-errors'), {tree});
  const hands = new Hands(page);
  await fill(page, hands, {until: 'where'});
  await see(page, name('file-where'), {tree});
  await next(page).click();
  await page.waitForURL(/s=photos/);
  await see(page, name('file-photos'), {tree});
  await next(page).click();
  await page.waitForURL(/s=contact/);
  await hands.write(page.locator('#f-phone'), '13800001234');
  await see(page, name('file-contact'), {tree});
  await next(page).click();
  await page.waitForURL(/s=check/);
  await page.locator('.answers').waitFor();
  await see(page, name('file-check'), {tree});
  await page.context().setOffline(true);
  await next(page).click();
  await page.locator('.refusal').waitFor();
  await see(page, name('file-offline'), {busy: true});
  await page.context().setOffline(false);
  const let_go = await hold(page, new RegExp(`/packs/${pack}/request$`));
  await next(page).click();
  await see(page, name('file-sending'), {busy: true});
  await let_go();
  await page.waitForURL(/\/done/);
  await see(page, name('done'), {tree});
  await page.goto(city.portal());
  // P3 in its states.
  await page.goto(city.portal('track'));
  await page.locator('.track-form').waitFor();
  await see(page, name('track'), {tree});
  for (const [state, found] of Object.entries(cases)) {
    await page.goto(city.portal('track'));
    await page.locator('input[id$=-number]').first().fill(found.number);
    await page.locator('input[id$=-code]').first().fill(found.tracking_code);
    await page.locator('.track-form button.solid').click();
    await page.locator('.case-grid').waitFor();
    await see(page, name(`case-${state}`), {tree});
    if (state === 'rate') {
      await page.locator('section.awaits input[value=dissatisfied]').check({force: true});
      await settled(page);
      await see(page, name('case-rate-bad'), {tree});
    }
  }
  await page.goto(city.portal('case/12345-2020-999999'));
  await page.locator('.track-form').waitFor();
  await see(page, name('case-locked'));
  // P7: signed out, code asked for, signed in by the code that the demo shows.
  await page.goto(city.portal('my'));
  await page.locator('.sign-box').waitFor();
  await see(page, name('my-signed-out'), {tree});
  await page.locator('input[id$=-phone]').fill('13800001234');
  await page.locator('.sign-box button.solid').click();
  await page.locator('.sms').waitFor();
  await see(page, name('my-code'), {tree});
  const sent = await city.ask('GET', '/api/v1/demo/messages', {token: city.as('zhangsan')});
  const code = sent.json?.items?.map((one) => /(?<!\d)\d{6}(?!\d)/.exec(one.text)?.[0]).find(Boolean);
  check(`${name('my')}: the demo shows the code`, !!code, sent.text.slice(0, 200));
  await page.locator('input[id$=-sms]').fill(code ?? '');
  await page.locator('.sign-box button.solid').click();
  await page.locator('.section-head').first().waitFor();
  await page.locator('.sign-box').waitFor({state: 'detached'});
  await see(page, name('my'));
  // Elder mode and English.
  await page.evaluate(() => localStorage.setItem('tongban.elder', '1'));
  await page.goto(city.portal());
  await page.locator('.entries li').first().waitFor();
  await look(page, name('home-elder'), {tree});
  await page.goto(city.portal(`case/${Object.values(cases)[0].number}`));
  await page.locator('.case-grid').waitFor();
  await look(page, name('case-elder'), {tree});
  await page.evaluate(() => localStorage.removeItem('tongban.elder'));
  await page.goto(city.portal());
  await page.locator('button[lang=en]').first().click();
  await page.locator('html[lang=en]').waitFor({state: 'attached'}).catch(() => {});
  check(`${name('english')}: the page says its language`, (await page.locator('html').getAttribute('lang')) === 'en');
  await see(page, name('home-english'), {tree});
  await page.goto(city.portal(`file/${pack}/request`));
  await page.locator('#f-content').waitFor();
  await see(page, name('file-english'));
  await page.context().close();
}

async function deskPages(browser, city, size, cases) {
  const tree = size === 'desktop';
  const name = (what) => `desk-${what}-${size}`;
  const page = await openPage(browser, {size, allowed: [/ERR_/]});
  await page.goto(city.desk('inbox'));
  await page.locator('form.signin').waitFor();
  await look(page, name('sign-in'), {tree});
  await page.locator('input[name=username]').fill('zhangsan');
  await page.locator('input[name=password]').fill('not the password');
  await page.locator('form.signin button[type=submit]').click();
  await page.locator('.trouble').first().waitFor();
  await look(page, name('sign-in-wrong'), {tree});
  await city.signIn(page, 'zhangsan');
  await page.goto(city.desk('call'));
  await page.locator('#call-content').waitFor();
  await look(page, name('call'), {tree});
  await page.keyboard.press('Control+Enter');
  await settled(page);
  await look(page, name('call-errors'), {tree});
  await page.goto(city.desk('inbox?view=unit'));
  await page.locator('.list-pane').waitFor();
  await settled(page);
  await look(page, name('inbox'), {tree});
  await hold(page, /\/api\/v1\/cases\?/);
  await page.goto(city.desk('inbox?view=unit&sort=opened'));
  await page.locator('.skeleton').first().waitFor();
  await look(page, name('inbox-busy'), {busy: true});
  await page.unrouteAll();
  await fail(page, /\/api\/v1\/cases/);
  await page.goto(city.desk('inbox?view=unit&sort=changed'));
  await page.locator('.trouble').first().waitFor();
  await look(page, name('inbox-failed'), {tree});
  await page.goto(city.desk(`cases/${cases.accepted.id}`));
  await page.locator('.trouble').first().waitFor();
  await look(page, name('case-failed'), {tree});
  await page.unrouteAll();
  await page.goto(city.desk('inbox?view=unit&q=没有这样的事'));
  await settled(page);
  await look(page, name('inbox-empty'), {tree});
  await page.goto(city.desk('inbox?view=unit&as=table'));
  await settled(page);
  await look(page, name('inbox-table'), {wide: size === 'phone' ? false : true});
  await page.goto(city.desk('cases/12345-2020-999999'));
  await page.locator('.trouble').first().waitFor();
  await look(page, name('case-none'), {tree});
  await page.goto(city.desk('nowhere'));
  await settled(page);
  await look(page, name('nowhere'));
  await page.context().close();

  const dispatcher = await openPage(browser, {size, allowed: [/ERR_FAILED/]});
  await city.signIn(dispatcher, 'wangwu');
  await dispatcher.goto(city.desk('pool'));
  await settled(dispatcher);
  await look(dispatcher, name('pool'), {tree});
  await dispatcher.goto(city.desk(`cases/${cases.accepted.id}?act=dispatch`));
  await dispatcher.locator('#act-lead').waitFor();
  await settled(dispatcher);
  await look(dispatcher, name('case-dispatch'), {tree});
  // 412: a colleague was first.
  const contested = await city.file({title: '井盖松动', phone: '13800007777'});
  await city.bring(contested, 'accept');
  // Without the live stream the page does not hear of it before it sends.
  await dispatcher.route(/\/events/, (route) => route.abort());
  await dispatcher.goto(city.desk(`cases/${contested.id}?act=dispatch`));
  await dispatcher.locator('.suggested').first().waitFor();
  await dispatcher.locator('#act-note').fill('请尽快到现场');
  await city.act(contested, 'zhangsan', 'add_facts', {text: '来电人说又有人绊倒'});
  await dispatcher.locator('#act-note').focus();
  await dispatcher.keyboard.press('Control+Enter');
  await dispatcher.locator('.conflict, .refusal').first().waitFor();
  await dispatcher.getByText('又有人绊倒').first().waitFor().catch(() => {});
  const both = await dispatcher.locator('.conflict').count() ? await dispatcher.locator('.conflict').innerText() : '';
  check(`${name('conflict')}: both versions are shown`, both.includes('请尽快到现场') && both.includes('又有人绊倒'), both.slice(0, 300) || 'no conflict panel');
  await look(dispatcher, name('conflict'));
  await dispatcher.context().close();

  const supervisor = await openPage(browser, {size});
  await city.signIn(supervisor, 'wushi');
  await supervisor.goto(city.desk('board'));
  await settled(supervisor);
  await look(supervisor, name('board'), {tree});
  await supervisor.context().close();

  const administrator = await openPage(browser, {size});
  await city.signIn(administrator, 'admin');
  for (const where of ['units', 'positions', 'people', 'accounts', 'calendar', 'packs', 'messages']) {
    await administrator.goto(city.desk(`admin/${where}`));
    await settled(administrator);
    await look(administrator, name(`admin-${where}`), {tree: tree && where !== 'messages' && where !== 'calendar'});
  }
  await administrator.context().close();
}

// Each walk has a copy of the same city, so that what one files shows in no other's lists; the walks go side by side.
export async function states(browser) {
  const prepared = new City({at: before});
  const cases = {};
  try {
    await prepared.open();
    for (const [name, until] of [['running', 'hand_down'], ['answered', 'reply'], ['rate', 'review'], ['accepted', 'accept']]) {
      cases[name] = await prepared.file();
      await prepared.bring(cases[name], until);
    }
    cases.refused = await prepared.file({title: '法院判决不公', content: '法院的判决我不服，请热线改判。'});
    const grounds = await prepared.ask('GET', '/api/v1/registers/refusal_grounds?limit=20', {token: prepared.as('zhangsan')});
    await prepared.act(cases.refused, 'zhangsan', 'refuse', {ground: grounds.json.items[0].id, unit_known: false, law: '行政诉讼法第四十四条'});
    for (const one of ['wushi', 'admin']) prepared.as(one);
    await prepared.halt();
    const walk = async (what, pages, size, of) => {
      const begun = Date.now();
      const city = new City();
      try {
        await city.open({from: prepared});
        await pages(browser, city, size, of);
      } catch (error) {
        check(`${what} ${size} comes to its end`, false, error.stack?.slice(0, 800));
      } finally {
        await city.close();
        console.log(`states: ${what} ${size} ${((Date.now() - begun) / 1000).toFixed(1)} s`);
      }
    };
    const {accepted, ...shown} = cases;
    await Promise.all([
      walk('portal', portalPages, 'phone', shown), walk('desk', deskPages, 'desktop', cases),
      walk('portal', portalPages, 'desktop', shown), walk('desk', deskPages, 'phone', cases),
    ]);
  } finally {
    await prepared.close();
  }
}
