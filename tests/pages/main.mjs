// All parts, one after the other; a part that fails does not hide the others.
import {spawnSync} from 'node:child_process';
import {check, finish} from '../e2e/program.mjs';
import {artefacts, launch, treesAreSteady} from './browser.mjs';
import {City, forgetModel, part, steadyDay} from './kit.mjs';

treesAreSteady(steadyDay);
if (!steadyDay) console.log('skipped: accessibility trees, because libfaketime is not installed (apt-get install libfaketime)');
const wanted = (process.env.TONGBAN_PAGES ?? '').split(/\s+/).filter(Boolean);
const all = {journeys: './journeys.mjs', states: './states.mjs', gates: './gates.mjs', drafts: './drafts.mjs', kept: './kept.mjs', wrong: './wrong_use.mjs', attacks: './attacks.mjs', staff: './staff_fields.mjs', desk: './desk_work.mjs', lighthouse: './lighthouse.mjs', lost: './lost_property.mjs'};
const chosen = Object.keys(all).filter((one) => !wanted.length || wanted.includes(one));
// Each part has a city and a browser of its own: what one files does not show in the other's lists. The walks through
// all states make their cities themselves.
const makesItsOwn = ['states'];
for (const name of chosen) {
  await part(name, async () => {
    const city = new City();
    let browser;
    try {
      if (!makesItsOwn.includes(name)) await city.open();
      browser = await launch();
      await Object.values(await import(all[name])).find((one) => one.name === name)(browser, city);
    } catch (error) {
      // What stood on the screens then.
      const pages = browser?.contexts().flatMap((one) => one.pages()) ?? [];
      for (const [i, page] of pages.entries()) await page.screenshot({path: `${artefacts}/failed-${name}-${i}.png`}).catch(() => {});
      throw error;
    } finally {
      await browser?.close().catch(() => {});
      await city.close();
    }
  });
}
forgetModel();
// Component tests, types, and both languages for every string.
if (!wanted.length || wanted.includes('strings')) {
  for (const [script, says] of [['test', 'the component tests of web/ pass'], ['check', 'types are right and every string has two languages']]) {
    const done = spawnSync('npm', ['run', '--silent', script], {cwd: 'web', encoding: 'utf8', timeout: 180000});
    check(says, done.status === 0, (done.stdout + done.stderr).slice(-600));
  }
}
finish();
