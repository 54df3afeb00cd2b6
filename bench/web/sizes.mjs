// What a first visit loads: bytes as gzip would carry them, and how many files.
import {firstLoad} from '../../tests/pages/gates.mjs';
import {pack} from '../../tests/pages/kit.mjs';

export default async function sizes(browser, city, figure) {
  for (const [what, address, ready, most, files] of [
    ['portal home', city.portal(), '.entries li', 60_000, 8],
    ['portal file', city.portal(`file/${pack}/request`), '#f-content', 60_000, 8],
    ['portal track', city.portal('track'), '.track-form', 60_000, 8],
    ['desk sign-in', city.desk(), 'form.signin', 250_000],
  ]) {
    const load = await firstLoad(browser, address, ready);
    figure(`${what}, script`, load.script, 'bytes', most);
    figure(`${what}, files`, load.requests, '', files);
  }
}
