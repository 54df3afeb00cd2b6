// Debian's Chromium on the pages that the program serves: contexts for desk and phone, axe, golden accessibility trees.
import {existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';

import {check} from '../e2e/program.mjs';

const web = createRequire(path.resolve('web/package.json'));
const {chromium} = web('playwright-core');
const axe = readFileSync(web.resolve('axe-core/axe.min.js'), 'utf8');

export const chromiumPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(existsSync);
export const artefacts = path.resolve('build/artefacts/pages');
const golden = path.resolve('tests/golden/pages');

export const sizes = {
  desktop: {viewport: {width: 1280, height: 800}},
  phone: {viewport: {width: 390, height: 844}, hasTouch: true, isMobile: true, deviceScaleFactor: 2},
};

export async function launch() {
  return chromium.launch({
    executablePath: chromiumPath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--force-color-profile=srgb', '--font-render-hinting=none'],
  });
}

// A page whose every console error, failed script and breach of the content policy is a failure of the test.
// `allowed` lists patterns that a test brings about on purpose (a refused request is logged by the browser itself).
export async function openPage(browser, {size = 'desktop', storage, allowed = [], options = {}} = {}) {
  const context = await browser.newContext({...sizes[size], locale: 'zh-CN', timezoneId: 'Asia/Shanghai', reducedMotion: 'reduce', storageState: storage, ...options});
  context.setDefaultTimeout(15000);
  const page = await context.newPage();
  // What is still on its way; the live stream never ends and does not count.
  page.waiting = new Set();
  const counts = (request) => !/\/events?(\/|\?|$)|\/stream/.test(request.url()) && request.resourceType() !== 'eventsource';
  page.on('request', (request) => { if (counts(request)) page.waiting.add(request); });
  for (const end of ['requestfinished', 'requestfailed']) page.on(end, (request) => page.waiting.delete(request));
  page.faults = [];
  const note = (text) => { if (!allowed.some((one) => one.test(text))) page.faults.push(text); };
  page.on('console', (message) => {
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) note(message.text());
  });
  page.on('pageerror', (error) => note(`${error.name}: ${error.message}`));
  page.on('request', (request) => { if (!/^(http:\/\/127\.0\.0\.1|http:\/\/localhost|data:|blob:)/.test(request.url())) note(`asks a stranger: ${request.url()}`); });
  return page;
}

// Nothing has been on its way for a quarter of a second.
export async function settled(page, most = 8000) {
  for (let quiet = 0, begun = Date.now(); quiet < 5 && Date.now() - begun < most; await page.waitForTimeout(50)) quiet = page.waiting.size ? 0 : quiet + 1;
}

// axe's findings on the page as it stands, as `rule: selector` lines.
export async function axeFindings(page) {
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    // Animations that still run would be measured half transparent.
    await Promise.all(document.getAnimations().map((one) => one.finished.catch(() => {})));
    return (await window.axe.run(document, {resultTypes: ['violations']})).violations
      .map((one) => ({id: one.id, nodes: one.nodes.map((node) => node.target.join(' ')).slice(0, 5), help: one.help}));
  });
  return found.map((one) => `${one.id}: ${one.nodes.join(' | ')}`);
}

// Is there something wider than the window? (WCAG 1.4.10: no scrolling in two directions.)
export async function sidewaysScroll(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

// Looks at a state: axe, console, reflow, screenshot and, where asked, the accessibility tree against its golden file.
export async function look(page, name, {tree = false, wide = false} = {}) {
  await settled(page);
  const findings = await axeFindings(page);
  check(`${name}: axe finds nothing`, findings.length === 0, findings);
  if (!wide) check(`${name}: nothing is wider than the window`, (await sidewaysScroll(page)) <= 0, await sidewaysScroll(page));
  check(`${name}: no error in the console`, page.faults.length === 0, page.faults);
  page.faults.length = 0;
  mkdirSync(artefacts, {recursive: true});
  await page.screenshot({path: path.join(artefacts, `${name}.png`), fullPage: true, animations: 'disabled'});
  if (tree && steadyDay) compareTree(name, await page.locator('body').ariaSnapshot());
}

// Numbers, dates, codes and names differ from run to run; the shape of the page must not.
export function steadyTree(tree) {
  return tree
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'ID')
    .replace(/· [0-9a-f]{8}\b/g, '· CODE')
    .replace(/\b[0-9A-Z]{5} [0-9A-Z]{5}\b/g, 'CODE')
    .replace(/\d{4}-\d{2}-\d{2}/g, 'DATE')
    .replace(/已连接|每 \d+ 秒刷新/g, 'LIVE')
    .replace(/\d+/g, '0')
    .replace(/\b[A-Z0-9]{4}(-[A-Z0-9]{4})+\b/g, 'CODE');
}

// Set by the suite: false where libfaketime is missing, and pages read otherwise every day.
let steadyDay = true;
export function treesAreSteady(yes) { steadyDay = yes; }

function compareTree(name, tree) {
  const file = path.join(golden, `${name}.yaml`);
  const steady = steadyTree(tree) + '\n';
  if (process.env.UPDATE_EXPECTED) {
    mkdirSync(golden, {recursive: true});
    writeFileSync(file, steady);
  }
  const expected = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const first = steady.split('\n').findIndex((line, i) => line !== expected.split('\n')[i]);
  check(`${name}: the accessibility tree is tests/golden/pages/${name}.yaml`, steady === expected,
    `line ${first + 1}: "${steady.split('\n')[first]}" instead of "${expected.split('\n')[first]}"`);
}
