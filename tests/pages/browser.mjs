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
  context.setDefaultTimeout(60000);  // a busy machine is no fault
  const page = await context.newPage();
  await context.addInitScript(busyMark);
  page.faults = [];
  const note = (text) => { if (!allowed.some((one) => one.test(text))) page.faults.push(text); };
  page.on('console', (message) => {
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) note(message.text());
  });
  page.on('pageerror', (error) => note(`${error.name}: ${error.message}`));
  page.on('request', (request) => { if (!/^(http:\/\/127\.0\.0\.1|http:\/\/localhost|data:|blob:)/.test(request.url())) note(`asks a stranger: ${request.url()}`); });
  return page;
}

// Runs in every page before its own scripts: <html data-busy> holds how much is still to come: requests whose answer has
// not been read, files of the page itself, and short delays (typing looked up half a second later, a row read after one and a half). The live
// stream, requests held back by a test and everything that repeats do not count.
function busyMark() {
  const root = () => document.documentElement;
  let busy = 0;
  const add = (n) => { busy += n; if (root()) root().dataset.busy = String(busy); };
  const {fetch, setTimeout, clearTimeout} = window;
  window.fetch = async (...words) => {
    add(1);
    try {
      const answer = await fetch(...words);
      await answer.clone().arrayBuffer().catch(() => {});
      return answer;
    } finally { setTimeout(() => add(-1), 0); }
  };
  const short = new Set();
  window.setTimeout = (work, after = 0, ...words) => {
    if (after > 2000 || typeof work !== 'function') return setTimeout(work, after, ...words);
    add(1);
    const id = setTimeout(() => { short.delete(id); try { work(...words); } finally { setTimeout(() => add(-1), 0); } }, after);
    short.add(id);
    return id;
  };
  window.clearTimeout = (id) => { if (short.delete(id)) add(-1); clearTimeout(id); };
  // Chunks of the page that are loaded when needed.
  new MutationObserver((changes) => {
    for (const change of changes) for (const node of change.addedNodes) {
      if (node.tagName !== 'LINK' || !/modulepreload|stylesheet/.test(node.rel)) continue;
      add(1);
      let told = false;
      const done = () => { if (!told) { told = true; add(-1); } };
      node.addEventListener('load', done);
      node.addEventListener('error', done);
      setTimeout(done, 5000);
    }
  }).observe(document, {childList: true, subtree: true});
  add(0);
}

// The page says that nothing is to come, in two frames one after the other.
export async function settled(page, most = 60000) {
  await page.waitForFunction(() => {
    const idle = document.readyState === 'complete' && Number(document.documentElement.dataset.busy ?? 0) <= 0;
    window.idleFrames = idle ? (window.idleFrames ?? 0) + 1 : 0;
    if (window.idleFrames < 3) return false;
    window.idleFrames = 0;
    return true;
  }, null, {timeout: most});
}

// Due-date strips that are longer than their box, and on a phone clause links and skip links under 44 points.
export async function layoutFaults(page) {
  return page.evaluate(() => {
    const faults = [...document.querySelectorAll('.strip-line')].filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => `strip of ${one.scrollWidth} in ${one.clientWidth}`);
    if (innerWidth > 500) return faults;
    for (const one of document.querySelectorAll('.clause-link, .clause-quiet, .skip')) {
      const {width, height} = one.getBoundingClientRect();
      if (width && (height < 43.9 || width < 43.9)) faults.push(`${one.className} ${one.textContent.trim().slice(0, 20)} ${Math.round(width)}x${Math.round(height)}`);
    }
    return faults;
  });
}

// axe's findings on the page as it stands, as `rule: selector` lines.
export async function axeFindings(page) {
  if (!(await page.evaluate(() => !!window.axe))) await page.evaluate(axe);
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
export async function look(page, name, {tree = false, wide = false, busy = false} = {}) {
  // A page that waits on purpose has nothing to settle; what it shows instead comes within a moment.
  if (busy) await page.waitForTimeout(400);
  else await settled(page);
  const findings = await axeFindings(page);
  check(`${name}: axe finds nothing`, findings.length === 0, findings);
  if (!wide) check(`${name}: nothing is wider than the window`, (await sidewaysScroll(page)) <= 0, await sidewaysScroll(page));
  const misfits = await layoutFaults(page);
  check(`${name}: strips begin inside their boxes, links that a finger must hit are 44 points high`, misfits.length === 0, misfits);
  check(`${name}: no error in the console`, page.faults.length === 0, page.faults);
  page.faults.length = 0;
  mkdirSync(artefacts, {recursive: true});
  await page.screenshot({path: path.join(artefacts, `${name}.png`), fullPage: true, animations: 'disabled', scale: 'css'});
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
