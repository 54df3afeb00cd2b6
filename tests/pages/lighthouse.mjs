// Lighthouse's accessibility on the main pages of portal and desk: 100, nothing less.
import {check} from '../e2e/program.mjs';
import {chromiumPath, openPage} from './browser.mjs';
import {pack, ticketOf} from './kit.mjs';

// Lighthouse and what starts Chromium for it, from this folder's packages.
export async function tools() {
  const [{default: lighthouse}, {launch}] = await Promise.all([import('lighthouse'), import('chrome-launcher')]);
  return {lighthouse, launch: () => launch({chromePath: chromiumPath, chromeFlags: ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-background-networking']})};
}

// The main pages: those of citizens with a case of their own, those of the staff signed in.
const places = (city, filed) => [
  ['portal home', city.portal(), '.entries li'], ['portal file', city.portal(`file/${pack}/request`), '#f-content'],
  ['portal track', city.portal('track'), '.track-form'], ['portal case', city.portal(`case/${filed.number}`), '.case-grid'],
  ['portal answers', city.portal(`search?q=${encodeURIComponent('噪音')}`), 'main h1'], ['portal my items', city.portal('my'), 'main h1'],
  ['desk inbox', city.desk('inbox?view=unit'), '.list-pane .row-title'], ['desk work order', city.desk(`cases/${filed.id}`), '.facts-pane'],
  ['desk act', city.desk(`cases/${filed.id}?act=dispatch`), '#act-note'], ['desk call', city.desk('call'), '#call-content'],
  ['desk pool', city.desk('pool'), '#work h2'], ['desk board', city.desk('board'), '#work h2'],
];

const both = new Set(['portal home', 'portal case', 'desk inbox', 'desk act']);  // looked at on a desktop too

// Lighthouse looks at the page as it stands (a snapshot) on a phone; loading is measured elsewhere.
export async function lighthouse(browser, city) {
  await browser.close();
  const [{snapshot, desktopConfig}, {default: puppeteer}] = await Promise.all([import('lighthouse'), import('puppeteer-core')]);
  const filed = await city.file();
  await city.bring(filed, 'accept');
  const ticket = await ticketOf(city, filed);
  const chrome = await puppeteer.launch({executablePath: chromiumPath, args: ['--no-sandbox', '--disable-gpu', '--lang=zh-CN', '--disable-background-networking']});
  try {
    const page = await chrome.newPage();
    await page.evaluateOnNewDocument((given) => { if (location.protocol.startsWith('http')) { sessionStorage.setItem('tongban.tickets', given.tickets); localStorage.setItem('tongban.clock', given.clock); } }, ticket);
    await page.goto(city.desk('sign-in')); 
    await page.waitForSelector('input[name=username]');
    await page.type('input[name=username]', 'wangwu');
    await page.type('input[name=password]', city.passwords.wangwu);
    await page.click('form.signin button[type=submit]');
    await page.waitForSelector('#work');
    for (const [what, address, ready] of places(city, filed)) {
      for (const phone of both.has(what) ? [true, false] : [true]) {
        await page.setViewport(phone ? {width: 412, height: 823, deviceScaleFactor: 1.75, isMobile: true, hasTouch: true} : {width: 1350, height: 940});
        await page.goto(address); 
        await page.waitForSelector(ready, {timeout: 60_000});
        await page.waitForFunction(() => !document.querySelector('.skeleton, .bones, .waiting'), {timeout: 60_000});
        await new Promise((done) => setTimeout(done, 300));
        const {lhr} = await snapshot(page, {flags: {onlyCategories: ['accessibility'], logLevel: 'silent', screenEmulation: {disabled: true}}, config: phone ? undefined : desktopConfig});
        const faults = lhr.categories.accessibility.auditRefs.map((one) => lhr.audits[one.id]).filter((one) => one.score === 0)
          .map((one) => `${one.id}: ${one.details?.items?.slice(0, 3).map((item) => item.node?.selector).join(' | ')}`);
        const score = Math.round(lhr.categories.accessibility.score * 100);
        check(`Lighthouse: ${what} has accessibility 100 on a ${phone ? 'phone' : 'desktop'}`, score === 100 && faults.length === 0, [score, faults]);
      }
    }
  } finally { await chrome.close(); }
}
