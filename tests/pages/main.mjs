// One demo city, one browser, all parts; a part that fails does not hide the others.
import {spawnSync} from 'node:child_process';
import {check, finish} from '../e2e/program.mjs';
import {launch, treesAreSteady} from './browser.mjs';
import {City, part, steadyDay} from './kit.mjs';

treesAreSteady(steadyDay);
if (!steadyDay) console.log('skipped: accessibility trees, because libfaketime is not installed (apt-get install libfaketime)');
const wanted = (process.env.TONGBAN_PAGES ?? '').split(/\s+/).filter(Boolean);
const all = {journeys: './journeys.mjs', states: './states.mjs', gates: './gates.mjs', drafts: './drafts.mjs', wrong: './wrong_use.mjs', lost: './lost_property.mjs'};
const chosen = Object.keys(all).filter((one) => !wanted.length || wanted.includes(one));
if (chosen.length) {
  const city = new City();
  let browser;
  try {
    await city.open();
    browser = await launch();
    for (const name of chosen) await part(name, async () => Object.values(await import(all[name])).find((one) => one.name === name || one.name === `${name}Part`)(browser, city));
  } catch (error) {
    check('the run comes to its end', false, error.stack);
  } finally {
    await browser?.close();
    await city.close();
  }
}
// Component tests, types, and both languages for every string.
if (!wanted.length || wanted.includes('strings')) {
  for (const [script, says] of [['test', 'the component tests of web/ pass'], ['check', 'types are right and every string has two languages']]) {
    const done = spawnSync('npm', ['run', '--silent', script], {cwd: 'web', encoding: 'utf8', timeout: 180000});
    check(says, done.status === 0, (done.stdout + done.stderr).slice(-600));
  }
}
finish();
