// Wrong use: what people and attackers do to forms and addresses. Each leaves the page whole and says a sentence.
import {writeFileSync} from 'node:fs';
import path from 'node:path';
import {check} from '../e2e/program.mjs';
import {openPage, settled, sidewaysScroll} from './browser.mjs';
import {Hands, pack, story} from './kit.mjs';
import {fill, next} from './journeys.mjs';

const script = '<script>alert(1)</script><img src=x onerror=alert(2)>';

// A small JPEG that Chromium itself makes, with an EXIF block that says where it was taken.
async function pictureWithPlace(page, file) {
  const bytes = Buffer.from((await page.evaluate(() => { const c = document.createElement('canvas'); c.width = c.height = 64; c.getContext('2d').fillRect(8, 8, 30, 30); return c.toDataURL('image/jpeg').split(',')[1]; })), 'base64');
  const place = 'GPS 29.5630N 106.5516E';
  const body = Buffer.concat([Buffer.from('Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x0e\0\x02\0\0\0\x17\0\0\0\x1a\0\0\0\0', 'latin1'), Buffer.from(`${place}\0`)]);
  const head = Buffer.from([0xff, 0xe1, (body.length + 2) >> 8, (body.length + 2) & 255]);
  writeFileSync(file, Buffer.concat([bytes.subarray(0, 2), head, body, bytes.subarray(2)]));
  return place;
}

export async function wrong(browser, city) {
  const page = await openPage(browser, {size: 'phone'});
  let dialogs = 0;
  page.on('dialog', (one) => { ++dialogs; void one.dismiss(); });

  // Script in every field and in a file's name; 𠮷 and right-to-left marks in the name; a place in the photo.
  await page.goto(city.portal(`file/${pack}/request`));
  await page.locator('#f-content').waitFor();
  const hands = new Hands(page);
  await fill(page, hands, {text: script + story, until: 'where'});
  await page.locator('#f-address').fill(script);
  await next(page).click();
  await page.waitForURL(/s=photos/);
  const photo = path.join(city.root, '<img src=x onerror=alert(3)>.jpg');
  const place = await pictureWithPlace(page, photo);
  const fake = path.join(city.root, 'drawing.jpg');
  writeFileSync(fake, '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(4)</script></svg>');
  const paper = path.join(city.root, 'paper.jpg');
  writeFileSync(paper, '%PDF-1.4\n%\u00e2\n1 0 obj\n<<>>\nendobj\ntrailer <<>>\n%%EOF\n');
  await page.locator('input[type=file]').setInputFiles([photo, fake, paper]);
  await page.locator('.file-list li').nth(2).waitFor();
  await next(page).click();
  await page.waitForURL(/s=contact/);
  const name = '𠮷野\u202eevil\u202c';
  await page.locator('#f-name').fill(name);
  await page.locator('#f-phone').fill('13800009876');
  await next(page).click();
  await page.waitForURL(/s=check/);
  await page.locator('.answers').waitFor();
  check('script: shown as text on the check page', (await page.locator('.answers').innerText()).includes('<script>alert(1)</script>'));
  check('names: 𠮷 stays one letter', (await page.locator('.answers').innerText()).includes('𠮷野'));
  check('names: marks of direction stay in their own box', (await page.locator('.answers bdi').count()) > 0);
  await next(page).click();
  await page.waitForURL(/\/done/);
  await page.locator('#sending').waitFor();
  await page.waitForFunction(() => !document.body.innerText.includes('正在送'), null, {timeout: 60000});
  const list = await page.locator('section[aria-labelledby=sending]').innerText();
  check('an SVG and a PDF called .jpg are refused with a sentence', (list.match(/已送到/g) ?? []).length <= 2 && /drawing\.jpg\s+(?!已送到)\S{4,}/.test(list) && /paper\.jpg\s+(?!已送到)\S{4,}/.test(list), list);
  const number = (await page.locator('.ticket .number').innerText()).trim();
  const code = (await page.locator('.ticket .code').innerText()).replace(/\s/g, '');
  const tracked = await city.ask('POST', '/api/v1/trackings', {body: {number, code}});
  const document_ = tracked.json?.case?.documents?.[0];
  check('the photo has arrived', !!document_, tracked.text.slice(0, 300));
  if (document_) {
    const stored = await fetch(`${city.url}/api/v1/cases/${tracked.json.case.id}/documents/${document_.id}`, {headers: {Authorization: `Bearer ${tracked.json.token}`}});
    const bytes = Buffer.from(await stored.arrayBuffer());
    check('the place is no longer in the photo', stored.status === 200 && bytes.length > 100 && bytes[0] === 0xff && !bytes.includes(Buffer.from(place)) && !bytes.includes(Buffer.from('Exif')), `${stored.status} ${bytes.length}`);
    check('a document is never run as a page', /attachment|sandbox/.test(`${stored.headers.get('content-disposition')} ${stored.headers.get('content-security-policy')}`) && stored.headers.get('x-content-type-options') === 'nosniff');
  }
  // The desk sees the same as text.
  const desk = await openPage(browser);
  desk.on('dialog', (one) => { ++dialogs; void one.dismiss(); });
  await city.signIn(desk, 'zhangsan');
  await desk.goto(city.desk(`cases/${tracked.json.case.id}`));
  await desk.locator('.facts-pane').waitFor();
  check('script: shown as text at the desk', (await desk.locator('.facts-pane').innerText()).includes('<script>alert(1)</script>'));
  check('script: nothing ran', dialogs === 0 && page.faults.length === 0 && desk.faults.length === 0, [dialogs, page.faults, desk.faults]);

  // Printing shows the case and no buttons.
  await desk.emulateMedia({media: 'print'});
  const shown = await desk.evaluate(() => [...document.querySelectorAll('button.button, button.offer, nav, .statusbar, form')].filter((one) => one.checkVisibility({visibilityProperty: true})).map((one) => one.className + ' ' + one.textContent.trim().slice(0, 20)));
  check('print: no button on the work order', shown.length === 0, shown);
  check('print: the facts are there', await desk.locator('.facts-pane').isVisible());
  await desk.emulateMedia({media: 'screen'});

  // Someone else's number, guessed codes.
  await page.goto(city.portal('track'));
  const other = await city.file({phone: '13800001111'});
  await page.locator('input[id$=-number]').first().fill(other.number);
  await page.locator('input[id$=-code]').first().fill(code);
  await page.locator('.track-form button.solid').click();
  await page.locator('.error-summary').waitFor();
  const foreign = await page.locator('.error-summary').innerText();
  await page.locator('input[id$=-number]').first().fill('12345-2026-999999');
  await page.locator('.track-form button.solid').click();
  await page.waitForTimeout(400);
  check("someone else's number looks like no number", (await page.locator('.error-summary').innerText()) === foreign, foreign);

  // The wrong role at an address; an act twice; an act on a closed case.
  const staff = await openPage(browser);
  await city.signIn(staff, 'lisi');
  await staff.goto(city.desk(`cases/${other.id}`));
  await staff.locator('.trouble').first().waitFor();
  check('the wrong role hears that there is no such case', !(await staff.locator('body').innerText()).includes('消防栓'));
  await staff.goto(city.desk('admin/accounts'));
  await settled(staff);
  check('the wrong role gets no account list', !(await staff.locator('main').innerText()).includes('zhangsan'), (await staff.locator('main').innerText()).slice(0, 200));
  await staff.context().close();
  const closed = await city.file();
  await desk.goto(city.desk(`cases/${closed.id}?act=accept`));
  await desk.locator('#act-area').waitFor();
  for (const [field, value] of [['area', 'society'], ['subject', 'planning'], ['scope', 'local'], ['nature', 'ordinary']]) {
    const radio = desk.locator(`#act-${field} input[value=${value}]`);
    if (await radio.count()) await radio.check({force: true}); else await desk.locator(`select#act-${field}`).selectOption(value);
  }
  await desk.locator('form:has(#act-area) button[type=submit]').dblclick();
  await settled(desk);
  const story_ = await city.ask('GET', `/api/v1/cases/${closed.id}`, {token: city.as('zhangsan')});
  check('an act clicked twice is done once', story_.json?.acts?.filter((one) => one.action === 'accept').length === 1, story_.text.slice(0, 200));

  // 5,000 characters, a pasted table.
  await page.goto(city.portal(`file/${pack}/request`));
  await page.locator('#f-content').waitFor();
  const long = '长'.repeat(4900) + '\n序号\t姓名\t金额\n1\t张\t30\n';
  await page.locator('#f-content').fill(long);
  check('5,000 characters and a table stay as they are', (await page.locator('#f-content').inputValue()) === long);
  check('5,000 characters: nothing is wider than the window', (await sidewaysScroll(page)) <= 0);
  await page.context().close();
  await desk.context().close();

  // Zoom 400 %: a window of 320 points.
  const narrow = await openPage(browser, {options: {viewport: {width: 320, height: 640}}});
  for (const where of ['', `file/${pack}/request`, 'track', 'my']) {
    await narrow.goto(city.portal(where));
    await narrow.locator('h1').first().waitFor();
    await settled(narrow);
    check(`zoom 400 %: portal/${where}`, (await sidewaysScroll(narrow)) <= 0, await sidewaysScroll(narrow));
  }
  await city.signIn(narrow, 'wangwu');
  for (const where of ['inbox?view=unit', 'pool', `cases/${closed.id}`, 'board', 'call']) {
    await narrow.goto(city.desk(where));
    await settled(narrow);
    check(`zoom 400 %: desk/${where.split('/')[0]}`, (await sidewaysScroll(narrow)) <= 0, await sidewaysScroll(narrow));
  }
  await narrow.context().close();

  // The device's clock is a day ahead: dates come from the server.
  const late = await openPage(browser, {size: 'phone'});
  const today = await city.now();
  const tomorrow = today.getTime() + 86_400_000;
  await late.clock.install({time: tomorrow});
  await late.goto(city.portal());
  await late.locator('.entries li').first().waitFor();
  await late.waitForLoadState('load');
  const day = new Intl.DateTimeFormat('zh-CN', {timeZone: 'Asia/Shanghai', day: 'numeric'}).format(today);
  check('a wrong clock: the page shows the day of the server', (await late.locator('.day').innerText()).includes(`月${parseInt(day, 10)}日`), await late.locator('.day').innerText());
  // A draft is kept at the server's time, and what the desk proposes as "when it happened" is too.
  await late.goto(city.portal(`file/${pack}/request`));
  await late.locator('#f-content').fill('钟表不准的手机上写的');
  await late.clock.runFor(1500);
  await late.goto(city.portal());
  await late.locator('.rows a[href*="file/"]').first().waitFor();
  const shown_day = `月${parseInt(day, 10)}日`;
  check('a wrong clock: a draft says when it was kept by the clock of the server', (await late.locator('.rows li', {hasText: '钟表不准'}).innerText()).includes(shown_day), await late.locator('.rows').innerText());
  await late.context().close();
  const done = await city.file({title: '钟表不准时办的事', phone: '13800009877'});
  await city.bring(done, 'dispatch');
  await city.act(done, 'lisi', 'hand_down', {handler: 'yuzhong-urban', why_handler: '属于市容管理'});
  const clerk = await openPage(browser);
  await clerk.clock.install({time: tomorrow});
  await city.signIn(clerk, 'heqing');
  await clerk.goto(city.desk(`cases/${done.id}?act=reply`));
  await clerk.locator('#act-told_at').first().waitFor();
  const proposed = await clerk.locator('#act-told_at, #act-told_at input').evaluateAll((all) => all.map((one) => one.value).filter(Boolean).join(' '));
  const date = new Intl.DateTimeFormat('sv-SE', {timeZone: 'Asia/Shanghai'}).format(today);
  check('a wrong clock: the desk proposes times by the clock of the server', proposed.includes(date), [proposed, date]);
  await clerk.context().close();
}
