// Every page in every state: axe, nothing wider than the window, no error in the console, a picture; and the
// accessibility tree of each page against its golden file.
import {check} from '../e2e/program.mjs';
import {look, openPage, settled} from './browser.mjs';
import {Hands, pack} from './kit.mjs';
import {fill, next} from './journeys.mjs';

async function portalPages(browser, city, size, cases) {
  const page = await openPage(browser, {size});
  const tree = size === 'phone';
  const name = (what) => `portal-${what}-${size}`;
  await page.goto(city.portal());
  await page.locator('.entries li').first().waitFor();
  await look(page, name('home'), {tree});
  await page.goto(city.portal('search?q=消防栓'));
  await page.locator('h1').waitFor();
  await look(page, name('search'), {tree});
  await page.goto(city.portal('nowhere'));
  await page.locator('h1').waitFor();
  await look(page, name('missing'));
  await page.goto(city.portal('about'));
  await page.locator('h1').waitFor();
  await look(page, name('about'));
  // P2, each step; the first with its error summary.
  await page.goto(city.portal(`file/${pack}/request`));
  await page.locator('#f-content').waitFor();
  await look(page, name('file-what'), {tree});
  await next(page).click();
  await page.locator('.error-summary').waitFor();
  await look(page, name('file-what-errors'), {tree});
  const hands = new Hands(page);
  await fill(page, hands, {until: 'where'});
  await look(page, name('file-where'), {tree});
  await next(page).click();
  await page.waitForURL(/s=photos/);
  await look(page, name('file-photos'), {tree});
  await next(page).click();
  await page.waitForURL(/s=contact/);
  await hands.write(page.locator('#f-phone'), '13800001234');
  await look(page, name('file-contact'), {tree});
  await next(page).click();
  await page.waitForURL(/s=check/);
  await page.locator('.answers').waitFor();
  await look(page, name('file-check'), {tree});
  await next(page).click();
  await page.waitForURL(/\/done/);
  await look(page, name('done'), {tree});
  await page.goto(city.portal());
  // P3 in its states.
  await page.goto(city.portal('track'));
  await page.locator('.track-form').waitFor();
  await look(page, name('track'), {tree});
  for (const [state, found] of Object.entries(cases)) {
    await page.goto(city.portal('track'));
    await page.locator('input[id$=-number]').first().fill(found.number);
    await page.locator('input[id$=-code]').first().fill(found.tracking_code);
    await page.locator('.track-form button.solid').click();
    await page.locator('.case-grid').waitFor();
    await look(page, name(`case-${state}`), {tree});
    if (state === 'rate') {
      await page.locator('section.awaits input[value=dissatisfied]').check({force: true});
      await settled(page);
      await look(page, name('case-rate-bad'), {tree});
    }
  }
  await page.goto(city.portal('case/12345-2020-999999'));
  await page.locator('.track-form').waitFor();
  await look(page, name('case-locked'));
  // P7: signed out, code asked for, signed in by the code that the demo shows.
  await page.goto(city.portal('my'));
  await page.locator('.sign-box').waitFor();
  await look(page, name('my-signed-out'), {tree});
  await page.locator('input[id$=-phone]').fill(size === 'phone' ? '13800001234' : '13800001235');  // one code a minute for a number
  await page.locator('.sign-box button.solid').click();
  await page.locator('.sms').waitFor();
  await look(page, name('my-code'), {tree});
  const sent = await city.ask('GET', '/api/v1/demo/messages', {token: city.as('zhangsan')});
  const code = sent.json?.items?.map((one) => /(?<!\d)\d{6}(?!\d)/.exec(one.text)?.[0]).find(Boolean);
  check(`${name('my')}: the demo shows the code`, !!code, sent.text.slice(0, 200));
  await page.locator('input[id$=-sms]').fill(code ?? '');
  await page.locator('.sign-box button.solid').click();
  await page.locator('.section-head').first().waitFor();
  await page.locator('.sign-box').waitFor({state: 'detached'});
  await look(page, name('my'));
  // Elder mode and English.
  await page.evaluate(() => localStorage.setItem('tongban.elder', '1'));
  await page.goto(city.portal());
  await page.locator('.entries li').first().waitFor();
  await look(page, name('home-elder'), {tree});
  await page.goto(city.portal(`case/${Object.values(cases)[0].number}`));
  await page.locator('.case-grid').waitFor();
  await look(page, name('case-elder'));
  await page.evaluate(() => localStorage.removeItem('tongban.elder'));
  await page.goto(city.portal());
  await page.locator('button[lang=en]').first().click();
  await page.locator('html[lang=en]').waitFor({state: 'attached'}).catch(() => {});
  check(`${name('english')}: the page says its language`, (await page.locator('html').getAttribute('lang')) === 'en');
  await look(page, name('home-english'), {tree});
  await page.goto(city.portal(`file/${pack}/request`));
  await page.locator('#f-content').waitFor();
  await look(page, name('file-english'));
  await page.context().close();
}

async function deskPages(browser, city, size, cases) {
  const tree = size === 'desktop';
  const name = (what) => `desk-${what}-${size}`;
  const page = await openPage(browser, {size});
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
  await look(page, name('inbox'), {tree: false});
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
  await look(dispatcher, name('pool'));
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
  const both = await dispatcher.locator('.conflict').count() ? await dispatcher.locator('.conflict').innerText() : '';
  check(`${name('conflict')}: both versions are shown`, both.includes('请尽快到现场') && both.includes('又有人绊倒'), both.slice(0, 300) || 'no conflict panel');
  await look(dispatcher, name('conflict'));
  await dispatcher.context().close();

  const supervisor = await openPage(browser, {size});
  await city.signIn(supervisor, 'wushi');
  await supervisor.goto(city.desk('board'));
  await settled(supervisor);
  await look(supervisor, name('board'));
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

export async function states(browser, city) {
  const cases = {};
  for (const [name, until] of [['running', 'hand_down'], ['answered', 'reply'], ['rate', 'review'], ['accepted', 'accept']]) {
    cases[name] = await city.file();
    await city.bring(cases[name], until);
  }
  cases.refused = await city.file({title: '法院判决不公', content: '法院的判决我不服，请热线改判。'});
  const grounds = await city.ask('GET', '/api/v1/registers/refusal_grounds?limit=20', {token: city.as('zhangsan')});
  await city.act(cases.refused, 'zhangsan', 'refuse', {ground: grounds.json.items[0].id, unit_known: false, law: '行政诉讼法第四十四条'});
  const {accepted, ...shown} = cases;
  // Two walks at a time: two cores.
  const walk = async (what, pages, size, of) => { try { await pages(browser, city, size, of); } catch (error) { check(`${what} ${size} comes to its end`, false, error.stack?.slice(0, 500)); } };
  for (const size of ['phone', 'desktop']) await Promise.all([walk('portal', portalPages, size, shown), walk('desk', deskPages, size, cases)]);
}
