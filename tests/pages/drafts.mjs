// Nothing typed is lost: reload, back, a cut network at each step, two tabs, a session that ends in the middle, a call
// that is interrupted.
import {check} from '../e2e/program.mjs';
import {openPage} from './browser.mjs';
import {Hands, pack, story} from './kit.mjs';
import {fill, next} from './journeys.mjs';

const kept = async (page, field, text, what) => {
  await page.locator(field).waitFor();
  check(what, (await page.locator(field).inputValue()) === text, await page.locator(field).inputValue());
};

export async function drafts(browser, city) {
  // Reload and back.
  let page = await openPage(browser, {size: 'phone'});
  await page.goto(city.portal(`file/${pack}/request`));
  await fill(page, new Hands(page), {until: 'what'});
  await page.reload();
  await kept(page, '#f-content', story, 'what was typed a moment ago survives a reload');
  await next(page).click();
  await page.waitForURL(/s=where/);
  await page.locator('#f-address').fill('民权路18号');
  await page.goBack();
  await kept(page, '#f-content', story, 'back shows what was typed');
  await page.goForward();
  await kept(page, '#f-address', '民权路18号', 'forward shows what was typed');
  // From the home page it can be found again, in another tab too.
  await page.goto(city.portal());
  await page.locator('.rows a[href*="file/"]').first().click();
  await page.locator('#f-content, #f-address').first().waitFor();
  const second = await page.context().newPage();
  await second.goto(page.url().replace(/s=\w+/, 's=what'));
  await second.locator('#f-content').fill('在另一个标签页里改过的');
  await page.locator('[role=alert]').first().waitFor();
  check('two tabs: the other version is offered', await page.locator('[role=alert] button').count() >= 2);
  await page.locator('[role=alert] button').first().click();
  await page.goto(page.url().replace(/s=\w+/, 's=what'));
  await kept(page, '#f-content', '在另一个标签页里改过的', 'two tabs: the version chosen is there');
  check('two tabs: nothing in the console', page.faults.length === 0, page.faults);
  await page.context().close();

  // The network is cut before each step goes on; it comes back, and the request is filed once.
  page = await openPage(browser, {size: 'phone', allowed: [/ERR_INTERNET_DISCONNECTED/]});
  const cut = (yes) => page.context().setOffline(yes);
  await page.goto(city.portal(`file/${pack}/request`));
  await page.locator('#f-content').waitFor();
  await cut(true);
  await fill(page, new Hands(page), {until: 'what'});
  await cut(false);
  await next(page).click();
  await page.waitForURL(/s=where/);
  await new Hands(page).entry(page.locator('#f-division'), '渝中');
  await cut(true);
  await page.locator('#f-address').fill('民权路18号');
  await next(page).click();
  await page.waitForURL(/s=photos/);
  await next(page).click();
  await page.waitForURL(/s=contact/);
  await page.locator('#f-phone').fill('13800005678');
  await next(page).click();
  await page.waitForURL(/s=check/);
  check('cut: every answer stands on the check page', (await page.locator('.answers').innerText()).includes('民权路18号'));
  await next(page).click();
  await page.locator('.refusal').waitFor();
  check('cut: it says that nothing was sent', /没有发出/.test(await page.locator('.refusal').innerText()));
  await cut(false);
  await next(page).click();
  await page.waitForURL(/\/done/);
  const found = await city.ask('POST', '/api/v1/cases/searches', {body: {phone: '13800005678', purpose: '测试'}, token: city.as('zhangsan')});
  check('cut: it is filed once', found.json?.items?.length === 1, found.text.slice(0, 300));
  check('cut: nothing else in the console', page.faults.length === 0, page.faults);
  await page.context().close();

  // The answer to the submission is lost on the way: sending again files nothing twice.
  page = await openPage(browser, {size: 'phone', allowed: [/ERR_/]});
  await page.goto(city.portal(`file/${pack}/request`));
  await fill(page, new Hands(page), {phone: '13800005679'});
  let lost = 0;
  await page.route(/\/packs\/[^/]+\/request$/, async (route) => { if (lost++) return route.continue(); await route.fetch(); await route.abort(); });
  await next(page).click();
  await page.locator('.refusal').waitFor();
  await next(page).click();
  await page.waitForURL(/\/done/);
  const once = await city.ask('POST', '/api/v1/cases/searches', {body: {phone: '13800005679', purpose: '测试'}, token: city.as('zhangsan')});
  check('an answer lost on the way: filed once', once.json?.items?.length === 1, once.text.slice(0, 300));
  await page.context().close();

  // Desk: a call survives reload and a second call; the session ends in the middle.
  page = await openPage(browser);
  await city.signIn(page, 'zhangsan');
  await page.goto(city.desk('call'));
  await page.locator('#call-content').fill(story);
  await page.waitForTimeout(600);
  await page.reload();
  await kept(page, '#call-content', story, 'a call survives a reload');
  await page.keyboard.press('F2');
  await kept(page, '#call-content', '', 'a second call starts empty');
  await page.keyboard.press('Alt+d');
  await page.locator('[role=dialog] button.grow').first().click();
  await kept(page, '#call-content', story, 'the first call comes back from the box');
  await page.context().close();

  page = await openPage(browser);
  await city.signIn(page, 'wangwu');
  const running = await city.file({title: '路灯不亮'});
  await city.bring(running, 'accept');
  await page.goto(city.desk(`cases/${running.id}?act=dispatch`));
  await page.locator('.suggested').first().waitFor();
  await page.locator('#act-note').fill('请今晚先放警示灯');
  await page.context().clearCookies();
  await page.locator('#act-note').focus();
  await page.keyboard.press('Control+Enter');
  await page.locator('[role=dialog] input[name=password]').waitFor();
  await page.locator('[role=dialog] input[name=password]').fill(city.passwords.wangwu);
  await page.locator('[role=dialog] button[type=submit]').click();
  await page.locator('.undo').waitFor();
  const sent = await city.ask('GET', `/api/v1/cases/${running.id}`, {token: city.as('wangwu')});
  check('session ended in the middle: the act goes on with what was typed', sent.text.includes('请今晚先放警示灯') && sent.json?.state?.id === 'dispatched', sent.text.slice(0, 200));
  check('session ended in the middle: nothing in the console', page.faults.length === 0, page.faults);
  await page.context().close();
}
