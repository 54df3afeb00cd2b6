// Another pack gets working pages without a line of TypeScript.
import {check} from '../e2e/program.mjs';
import {look, openPage} from './browser.mjs';
import {next} from './journeys.mjs';

export async function lost(browser, city) {
  const page = await openPage(browser, {size: 'phone'});
  await page.goto(city.portal('file/lost-property/item'));
  await page.locator('#f-what').waitFor();
  await look(page, 'portal-lost-what-phone', {tree: true});
  for (let i = 0; i < 6 && !/s=check/.test(page.url()); ++i) {
    for (const [id, text] of [['what', '黑色双肩包'], ['found_where', '轨道交通2号线车厢'], ['finder_phone', '13800002222']]) {
      const field = page.locator(`#f-${id}`);
      if (await field.count() && !(await field.inputValue())) await field.fill(text);
    }
    const day = page.locator('#f-found_on input, input#f-found_on');
    if (await day.count() === 1) await day.fill('2026-11-20');
    else for (const [i_, part] of ['2026', '11', '20'].entries()) if (await day.count() === 3) await day.nth(i_).fill(part);
    const before = page.url();
    await next(page).click();
    await page.waitForTimeout(400);
    if (page.url() === before) { check('lost property: the form goes on', false, await page.locator('.error-summary').innerText().catch(() => 'no summary')); return; }
  }
  await look(page, 'portal-lost-check-phone', {tree: true});
  await next(page).click();
  await page.waitForURL(/\/done/);
  const number = (await page.locator('.ticket .number').innerText()).trim();
  check('lost property: a number', /^SW-\d{4}-\d+$/.test(number), number);
  await page.locator('.bar button.solid').click();
  await page.locator('.case-grid').waitFor();
  await look(page, 'portal-lost-case-phone', {tree: true});
  await page.context().close();
}
