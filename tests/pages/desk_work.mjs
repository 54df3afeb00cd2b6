// What the desk does besides single acts: several cases at once, two people in one case, personal data with a purpose,
// the list as a file, accounts and entries of registers.
import {check} from '../e2e/program.mjs';
import {openPage, settled} from './browser.mjs';
import {Hands} from './kit.mjs';

export async function desk(browser, city) {
  await batch(browser, city);
  await presence(browser, city);
  await purpose(browser, city);
  await list(browser, city);
  await administration(browser, city);
}

async function batch(browser, city) {
  const pair = [];
  for (const title of ['一号路灯不亮', '二号路灯不亮']) {
    const one = await city.file({title, phone: '13800003301'});
    await city.bring(one, 'accept');
    pair.push(one);
  }
  const page = await openPage(browser);
  await city.signIn(page, 'wangwu');
  await page.goto(city.desk('pool'));
  await page.locator('.list-pane li').first().waitFor();
  await settled(page);
  const row = (title) => page.locator('.list-pane li', {hasText: title});
  for (const title of ['一号路灯不亮', '二号路灯不亮']) await row(title).locator('input[type=checkbox]').check();
  await settled(page);
  // A colleague writes into the second before the batch goes off: it is left alone, and says so.
  await page.route(/\/events/, (route) => route.abort());
  await city.act(pair[1], 'zhangsan', 'add_facts', {text: '来电人补充：整条街都不亮'});
  await page.locator('form.batch button[type=submit]').click();
  await page.locator('form.batch ul[role=status] li').nth(1).waitFor();
  const told = await page.locator('form.batch ul[role=status] li').allInnerTexts();
  const states = await Promise.all(pair.map(async (one) => (await city.ask('GET', `/api/v1/cases/${one.id}`, {token: city.as('wangwu')})).json?.state?.id));
  check('several at once: each is told by itself', told.length === 2 && told.every((line) => /路灯不亮/.test(line)), told);
  check('several at once: one is sent, the one that changed is left alone', states[0] === 'dispatched' && states[1] === 'accepted', [states, told]);
  check('several at once: nothing in the console', page.faults.length === 0, page.faults);
  await page.context().close();
}

async function presence(browser, city) {
  const shared = await city.file({title: '两个人看的事', phone: '13800003302'});
  await city.bring(shared, 'accept');
  const [first, second] = [await openPage(browser), await openPage(browser)];
  await city.signIn(first, 'wangwu');
  await first.goto(city.desk(`cases/${shared.id}?act=dispatch`));
  await first.locator('#act-note').fill('请今天去看');
  await settled(first);
  await city.signIn(second, 'zhangsan');
  await second.goto(city.desk(`cases/${shared.id}`));
  await second.locator('.others').waitFor();
  const seen = await second.locator('.others').innerText();
  check('two people: the second sees who writes', seen.includes('王五') && seen.includes('填写'), seen);
  await first.locator('nav a[href$="/inbox"]').first().click();
  await first.locator('.list-pane').waitFor();
  await settled(first);
  await second.reload();
  await second.locator('.facts-pane').waitFor();
  await settled(second);
  check('two people: who left is no longer shown', (await second.locator('.others').count()) === 0);
  // The tab is closed instead: told at once, not after the 45 seconds that a page without good-bye is held for.
  await first.goto(city.desk(`cases/${shared.id}`));
  await first.locator('.facts-pane').waitFor();
  await settled(first);
  await second.reload();
  await second.locator('.others').waitFor();
  await first.close({runBeforeUnload: true});
  await second.waitForTimeout(500);
  await second.reload();
  await second.locator('.facts-pane').waitFor();
  await settled(second);
  check('two people: who closed the tab is no longer shown', (await second.locator('.others').count()) === 0);
  await first.context().close();
  await second.context().close();
}

async function purpose(browser, city) {
  const private_ = await city.file({title: '要看电话的事', phone: '13800003303', name: '何慧'});
  await city.bring(private_, 'dispatch');
  await city.act(private_, 'lisi', 'hand_down', {handler: 'yuzhong-urban', why_handler: '属于市容管理'});
  const page = await openPage(browser);
  await city.signIn(page, 'heqing');
  await page.goto(city.desk(`cases/${private_.id}`));
  await page.locator('.facts-pane').waitFor();
  await settled(page);
  const facts = page.locator('.facts-pane');
  check('personal data: not shown unasked', !(await facts.innerText()).includes('13800003303'), (await facts.innerText()).slice(0, 200));
  const ask = facts.locator('button.act', {hasText: '查看'});
  check('personal data: it can be asked for', (await ask.count()) === 1);
  await ask.first().click();
  await facts.locator('form input').first().fill('联系当事人核实情况');
  await facts.locator('form button[type=submit]').click();
  await facts.getByText('13800003303').first().waitFor();
  check('personal data: shown after a purpose', (await facts.innerText()).includes('何慧'));
  const readers = facts.locator('details', {hasText: '谁看过'});
  await readers.locator('summary').click();
  await readers.locator('li').first().waitFor();
  const read = await readers.innerText();
  check('personal data: who read and why stands there', read.includes('何清') && read.includes('联系当事人核实情况'), read);
  await page.reload();
  await facts.waitFor();
  await settled(page);
  check('personal data: covered again after a reload', !(await facts.innerText()).includes('13800003303'));
  check('personal data: nothing in the console', page.faults.length === 0, page.faults);
  await page.context().close();
}

async function list(browser, city) {
  await city.file({title: '=1+2 公式', phone: '13800003304'});
  const page = await openPage(browser);
  await city.signIn(page, 'zhangsan');
  await page.goto(city.desk('inbox?view=unit'));
  await page.locator('.list-pane li').first().waitFor();
  await page.locator('.list-pane details.menu summary').click();
  const [file] = await Promise.all([page.waitForEvent('download'), page.locator('.menu-body a[download]').click()]);
  const chunks = [];
  for await (const piece of await file.createReadStream()) chunks.push(piece);
  const text = Buffer.concat(chunks).toString('utf8');
  const shown = Number(/\d+/.exec(await page.locator('.list-pane h2 small').first().innerText())?.[0]);
  const lines = text.trim().split('\n').length - 1;
  check('list as a file: the rows of the view', text.charCodeAt(0) === 0xfeff && lines === shown && shown > 5, [lines, shown, text.slice(0, 120)]);
  check('list as a file: no cell is a formula', text.includes('公式') && !/(^|[,\n])"?[=+@]/m.test(text), text.split('\n').find((line) => line.includes('公式')));
  // A view kept, found again after a reload, and dropped.
  await page.goto(city.desk('inbox?view=late'));
  await settled(page);
  await page.locator('.views button', {hasText: '保存'}).click();
  await page.reload();
  await page.locator('.views .saved').first().waitFor();
  check('a view kept is there after a reload', (await page.locator('.views .saved').count()) === 1);
  await page.locator('.views .saved .drop').click();
  check('a view kept can be dropped', (await page.locator('.views .saved').count()) === 0);
  check('list: nothing in the console', page.faults.length === 0, page.faults);
  await page.context().close();
}

async function administration(browser, city) {
  const page = await openPage(browser);
  await city.signIn(page, 'admin');
  await page.goto(city.desk('admin/accounts'));
  await page.locator('aside input').first().waitFor();
  const hands = new Hands(page);
  await page.locator('aside label input[autocapitalize=none]').fill('zhengshi');
  await hands.entry(page.locator('#account-person'), '张三');
  await page.locator('aside button[type=submit]').click();
  await page.locator('.link-box').waitFor();
  const link = await page.locator('.link-box').innerText();
  check('accounts: a one-time link comes, its code behind #', /\/desk\/set-up#\S{16,}$/.test(link), link.replace(/#.*/, '#…'));
  // The person sets the password in another browser and is in; the link works once.
  const person = await openPage(browser);
  const set_up = async (words) => {
    await person.goto('about:blank');
    await person.goto(link);
    const fields = person.locator('input[autocomplete=new-password]');
    await fields.nth(0).fill(words);
    await fields.nth(1).fill(words);
    await person.locator('button[type=submit]').click();
  };
  await set_up('一个很长的口令2026');
  await person.locator('form').waitFor({state: 'detached'});
  check('accounts: the address no longer holds the code', !person.url().includes('#'), person.url().replace(/#.*/, '#…'));
  await person.locator('button.solid').click();
  await person.locator('input[name=username]').fill('zhengshi');
  await person.locator('input[name=password]').fill('一个很长的口令2026');
  await person.locator('form.signin button[type=submit]').click();
  await person.waitForURL(/\/desk\/(inbox|call|cases|pool|board)/);
  check('accounts: the new account signs in', true);
  await person.context().clearCookies();
  await set_up('ein-anderes-Kennwort-7');
  await person.locator('.trouble').waitFor();
  check('accounts: the link works once', (await person.locator('.trouble').innerText()).length > 4);
  await person.context().close();
  const row = page.locator('tr', {hasText: 'zhengshi'});
  await row.locator('button').last().click();
  check('accounts: removing asks first', (await row.count()) === 1 && /zhengshi/.test(await row.locator('button').last().innerText()));
  await row.locator('button').last().click();
  await row.waitFor({state: 'detached'});
  const gone = await page.context().request.get(`${city.url}/api/v1/accounts`);
  const left = await gone.text();
  check('accounts: removed', gone.status() === 200 && left.includes('zhangsan') && !left.includes('zhengshi'), left.slice(0, 200));
  const by_token = await city.ask('GET', '/api/v1/accounts', {token: city.as('wangwu')});
  check('accounts: only administrators see them', by_token.status === 403, by_token.status);

  // An entry of a register gets a new revision; the old one stays for the days before.
  await page.goto(city.desk('admin/units'));
  await page.locator('tbody button.act').first().waitFor();
  await settled(page);
  const entry = page.locator('tbody button.act').first();
  const named = await entry.innerText();
  await entry.click();
  const name = page.locator('aside form label input').first();
  await name.waitFor();
  check('registers: the form holds what is there', (await name.inputValue()).length > 0);
  await name.fill(`${named}（新）`);
  await page.locator('aside form button[type=submit]').click();
  await page.locator('aside .flash.good, aside .trouble').first().waitFor();
  check('registers: a revision is written', (await page.locator('aside .flash.good').count()) === 1, await page.locator('aside').innerText());
  const units = await city.ask('GET', `/api/v1/registers/units?q=${encodeURIComponent(named)}&limit=50`, {token: city.as('admin')});
  check('registers: the new words are there', units.text.includes(`${named}（新）`), units.text.slice(0, 300));
  check('administration: nothing in the console', page.faults.length === 0, page.faults);
  await page.context().close();
}
