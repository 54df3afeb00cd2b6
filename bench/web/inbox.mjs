// The inbox of a unit that holds 100,000 open cases: from the press of a key or button to painted rows.
import http from 'node:http';
import {openPage, settled} from '../../tests/pages/browser.mjs';
import {pack, story} from '../../tests/pages/kit.mjs';

const cases = Number(process.env.WEB_CASES ?? 100_000), rounds = 30;
const places = ['500103', '500104', '500106', '500107', '500108', '500109', '500113'];
const kinds = ['help', 'complaint', 'report', 'suggestion', 'consultation'];
const p = (all, part) => Math.round([...all].sort((a, b) => a - b)[Math.min(all.length - 1, Math.floor(all.length * part))]);

// Files cases as callers do, several at a time; every third is accepted and sent to a unit, so that its clocks run.
async function fillUp(city) {
  const agent = new http.Agent({keepAlive: true, maxSockets: 48});
  const post = (path, body, token, version) => new Promise((done, fail) => {
    const text = JSON.stringify(body);
    const ask = http.request(city.url + path, {method: 'POST', agent, headers: {'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text), ...(token ? {Authorization: `Bearer ${token}`} : {}), ...(version ? {'If-Match': version} : {})}}, (answer) => {
      const pieces = [];
      answer.on('data', (piece) => pieces.push(piece));
      answer.on('end', () => { const words = Buffer.concat(pieces).toString(); if (answer.statusCode >= 300) fail(new Error(`${path}: ${words}`)); else done({json: JSON.parse(words), version: answer.headers.etag}); });
    });
    ask.on('error', fail);
    ask.end(text);
  });
  const [agent_, sender] = [city.as('zhangsan'), city.as('wangwu')];
  let next = 0;
  const one = async () => {
    for (let i = next++; i < cases; i = next++) {
      const filed = await post(`/api/v1/packs/${pack}/request`, {title: `${['路灯不亮', '井盖松动', '噪音扰民', '垃圾没人清'][i % 4]} ${i}`, content: story.slice(0, 40 + (i % 60)), kind: kinds[i % 5], division: places[i % 7], address: `民权路${i}号`, phone: String(13000000000 + i)});
      if (i % 3) continue;
      const accepted = await post(`/api/v1/cases/${filed.json.id}/actions/accept`, {kind: kinds[i % 5], area: 'society', subject: 'planning', scope: 'local', nature: 'ordinary'}, agent_, filed.version);
      await post(`/api/v1/cases/${filed.json.id}/actions/dispatch`, {lead: 'yuzhong-gov', why_lead: '测量'}, sender, accepted.version);
    }
  };
  await Promise.all(Array.from({length: 48}, one));
  agent.destroy();
}

// Runs in the page: does `work`, then waits until the rows are others than before and have been painted.
const painted = (page, work, words) => page.evaluate(async ([source, given]) => {
  const rows = () => [...document.querySelectorAll('.list-pane .row-title, .list-pane tbody tr')].map((one) => one.textContent).join('|');
  const was = rows(), begun = performance.now();
  performance.clearResourceTimings();
  new Function('given', source)(given);
  const server = () => Math.max(0, ...performance.getEntriesByType('resource').filter((one) => /\/cases\?/.test(one.name)).map((one) => one.responseEnd - one.requestStart));
  return new Promise((done, fail) => {
    const look = () => {
      const now = rows();
      if (now && now !== was) return void requestAnimationFrame(() => { const end = performance.now(); setTimeout(() => done({ms: end - begun, server: server()})); });
      if (performance.now() - begun > 20000) return void fail(new Error('the rows stay as they are'));
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
}, [work, words]);

export default async function inbox(browser, city, figure) {
  const begun = Date.now();
  await fillUp(city);
  figure('cases filed', cases, '');
  figure('filing them', ((Date.now() - begun) / 1000).toFixed(0), 's');
  const page = await openPage(browser);
  // `new Function` of the measurement is not the page's: the content policy stays out of it.
  const context = await browser.newContext({viewport: {width: 1280, height: 800}, locale: 'zh-CN', timezoneId: 'Asia/Shanghai', bypassCSP: true});
  await page.context().close();
  const desk = await context.newPage();
  desk.setDefaultTimeout(60000);
  await city.signIn(desk, 'zhangsan');
  await desk.goto(city.desk('inbox?view=unit'));
  await desk.locator('.list-pane .row-title').first().waitFor();
  const measure = async (what, each) => {
    const all = [], server = [];
    for (let i = 0; i < rounds; ++i) {
      const one = await each(i);
      all.push(one.ms);
      server.push(one.server);
      await desk.waitForTimeout(400);  // the counts arrive; nobody presses faster
    }
    figure(`${what}, painted, p95 (p50 ${p(all, 0.5)}, server p95 ${p(server, 0.95)})`, p(all, 0.95), 'ms', 150);
  };
  const select = "const s = document.querySelector('.sorting select'); s.value = given; s.dispatchEvent(new Event('change', {bubbles: true}));";
  const view = "[...document.querySelectorAll('.views button')].find((b) => b.textContent.includes(given)).click();";
  await measure('sort', (i) => painted(desk, select, ['opened', 'changed', 'due'][i % 3]));
  await measure('filter', (i) => painted(desk, view, i % 2 ? '本单位在办' : '已登记'));
  await measure('next page', () => painted(desk, "document.querySelector('.pager button:last-child').click();"));
  await measure('page back', () => painted(desk, "document.querySelector('.pager button:first-child').click();"));
  const open = [], whole = [];
  for (let i = 0; i < rounds; ++i) {
    await desk.locator('nav a[href$="/call"]').first().click();
    await desk.locator('#call-content').waitFor();
    await desk.waitForTimeout(300);
    open.push(await painted(desk, "document.querySelector('nav a[href$=\"/inbox\"]').click();"));
  }
  figure(`page opened in the desk, painted, p95 (p50 ${p(open.map((o) => o.ms), 0.5)}, server p95 ${p(open.map((o) => o.server), 0.95)})`, p(open.map((o) => o.ms), 0.95), 'ms', 150);
  for (let i = 0; i < 10; ++i) {
    await desk.goto(city.desk('inbox?view=unit'));
    await desk.locator('.list-pane .row-title').first().waitFor();
    whole.push(await desk.evaluate(() => performance.now()));
  }
  figure(`page loaded from nothing, p95 (p50 ${p(whole, 0.5)})`, p(whole, 0.95), 'ms');
  await settled(desk).catch(() => {});
  await context.close();
}
