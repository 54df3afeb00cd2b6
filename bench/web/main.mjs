// ./dev bench web: see bench/web.sh. Figures go to standard output; nothing here is a test, but what misses its aim is said.
import {existsSync} from 'node:fs';
import {City} from '../../tests/pages/kit.mjs';
import {launch} from '../../tests/pages/browser.mjs';

const parts = {journeys: './journeys.mjs', sizes: './sizes.mjs', lighthouse: './lighthouse.mjs', inbox: './inbox.mjs'};
const wanted = (process.env.WEB_PARTS ?? '').split(/\s+/).filter(Boolean);
const missed = [];
// Tells a figure and whether it keeps its aim (at most, or at least where `floor`).
export function figure(what, value, unit, aim, floor = false) {
  const kept = aim === undefined || (floor ? value >= aim : value <= aim);
  console.log(`${what.padEnd(52)} ${String(value).padStart(8)} ${unit.padEnd(6)}${aim === undefined ? '' : ` aim ${floor ? '≥' : '≤'} ${aim}${kept ? '' : '  MISSED'}`}`);
  if (!kept) missed.push(what);
}

for (const [name, file] of Object.entries(parts)) {
  if (wanted.length && !wanted.includes(name)) continue;
  if (name === 'lighthouse' && !existsSync('tests/pages/node_modules/lighthouse')) continue;
  console.log(`\n${name}`);
  const city = new City({at: null});
  let browser;
  try {
    await city.open();
    browser = await launch();
    await (await import(file)).default(browser, city, figure);
  } catch (error) {
    console.log(`${name} did not come to its end: ${error.stack?.split('\n').slice(0, 4).join(' | ')}`);
    missed.push(name);
  } finally {
    await browser?.close().catch(() => {});
    await city.close();
  }
}
(await import('../../tests/pages/kit.mjs')).forgetModel();
console.log(missed.length ? `\nmissed: ${missed.join('; ')}` : '\nall aims kept');
