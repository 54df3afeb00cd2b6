// Lighthouse in Debian's Chromium, on a phone as Lighthouse imagines it: median of five for the performance.
import {openPage} from '../../tests/pages/browser.mjs';
import {pack} from '../../tests/pages/kit.mjs';
import {tools} from '../../tests/pages/lighthouse.mjs';

const rounds = Number(process.env.WEB_RUNS ?? 5);
const middle = (all) => [...all].sort((a, b) => a - b)[all.length >> 1];

export default async function run(browser, city, figure) {
  const {lighthouse, launch} = await tools();
  const page = await openPage(browser);
  await city.signIn(page, 'zhangsan');
  const cookie = (await page.context().cookies()).map((one) => `${one.name}=${one.value}`).join('; ');
  await page.context().close();
  await browser.close();
  const chrome = await launch();
  try {
    for (const [what, address, headers] of [
      ['portal home', city.portal()], ['portal file', city.portal(`file/${pack}/request`)], ['portal track', city.portal('track')],
      ['desk inbox', city.desk('inbox?view=unit'), {Cookie: cookie}],
    ]) {
      const scores = [], paints = [], shifts = [], blocked = [], easy = [];
      let faults = new Set();
      for (let i = 0; i < rounds; ++i) {
        let lhr;
        // A trace that misses its beginning says nothing of the page: it is recorded again.
        for (let tries = 0; !lhr || (lhr.runtimeError && tries < 3); ++tries)
          ({lhr} = await lighthouse(address, {port: chrome.port, logLevel: 'silent', onlyCategories: ['performance', 'accessibility'], formFactor: 'mobile', extraHeaders: headers}));
        if (lhr.runtimeError) throw new Error(`${what}: ${lhr.runtimeError.message}`);
        scores.push(Math.round(lhr.categories.performance.score * 100));
        easy.push(Math.round(lhr.categories.accessibility.score * 100));
        paints.push(Math.round(lhr.audits['largest-contentful-paint'].numericValue));
        shifts.push(Math.round(lhr.audits['cumulative-layout-shift'].numericValue * 1000));
        blocked.push(Math.round(lhr.audits['total-blocking-time'].numericValue));
        for (const one of lhr.categories.accessibility.auditRefs) if (lhr.audits[one.id].score === 0) faults.add(one.id);
      }
      figure(`${what}, performance (${scores.join(' ')})`, middle(scores), '', 95, true);
      figure(`${what}, largest paint`, middle(paints), 'ms');
      figure(`${what}, blocked`, middle(blocked), 'ms');
      figure(`${what}, layout shift`, middle(shifts), 'thousandths');
      figure(`${what}, accessibility${faults.size ? ` (${[...faults].join(' ')})` : ''}`, Math.min(...easy), '', 100, true);
    }
  } finally { chrome.kill(); }
}
