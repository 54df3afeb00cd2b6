// What a first visit loads, as the network carries it, and what every page is protected by.
import {gunzipSync, brotliDecompressSync, gzipSync} from 'node:zlib';
import {check} from '../e2e/program.mjs';
import {openPage, settled} from './browser.mjs';
import {pack} from './kit.mjs';

// Every place where people land, from a link, a bookmark or a message; `staff` after signing in.
export const landings = (city, filed) => [
  {name: 'portal home', at: city.portal(), ready: '.entries li'},
  {name: 'portal file', at: city.portal(`file/${pack}/request`), ready: '#f-content'},
  {name: 'portal track', at: city.portal('track'), ready: '.track-form'},
  {name: 'portal my items', at: city.portal('my'), ready: '.track-form'},
  {name: 'portal answers', at: city.portal(`search?q=${encodeURIComponent('噪音')}`), ready: 'main h1'},
  {name: 'portal case', at: city.portal(`case/${filed.number}`), ready: '.track-form'},
  {name: 'portal about', at: city.portal('about'), ready: 'main h1'},
  {name: 'portal missing', at: city.portal('nowhere'), ready: 'main h1'},
  {name: 'desk sign-in', at: city.desk(), ready: 'form.signin'},
  {name: 'desk inbox', at: city.desk('inbox?view=unit'), ready: '.list-pane .row-title', staff: true},
  {name: 'desk work order', at: city.desk(`cases/${filed.id}`), ready: '.facts-pane', staff: true},
  {name: 'desk call', at: city.desk('call'), ready: '#call-content', staff: true},
  {name: 'desk pool', at: city.desk('pool'), ready: '#work', staff: true},
  {name: 'desk board', at: city.desk('board'), ready: '#work', staff: true},
  {name: 'desk administration', at: city.desk('admin/units'), ready: '#work', staff: true},
];

// Loads an address with an empty cache: the scripts' size as gzip would make it, and how many requests were made, those
// to the API and for the icon included.
export async function firstLoad(browser, {at, ready, staff}, storage) {
  const page = await openPage(browser, {size: 'phone', storage: staff ? storage : undefined});
  const seen = [];
  page.on('request', (request) => { if (!/^(data|blob):/.test(request.url())) seen.push(request); });
  await page.goto(at);
  await page.locator(ready).first().waitFor();
  await settled(page);
  let script = 0;
  const files = [];
  for (const request of seen) {
    const path = new URL(request.url()).pathname;
    if (/\/events$/.test(path)) { files.push(path); continue; }  // never ends
    const answer = await request.response();
    const body = (await answer?.body().catch(() => null)) ?? Buffer.alloc(0);
    const gzip = gzipSync(body, {level: 9}).length;
    files.push(`${path} ${gzip}`);
    if (/javascript/.test(answer?.headers()['content-type'] ?? '')) script += gzip;
  }
  await page.context().close();
  return {script, requests: files.length, files};
}

// The session of a member of the staff, for pages of their own.
export async function signedIn(browser, city, name = 'zhangsan') {
  const page = await openPage(browser);
  await city.signIn(page, name);
  const storage = await page.context().storageState();
  await page.context().close();
  return storage;
}
export const limits = {portal: {script: 60_000, requests: 8}, desk: {script: 250_000}};

export async function gates(browser, city) {
  const filed = await city.file();
  const storage = await signedIn(browser, city);
  let portal;
  for (const place of landings(city, filed)) {
    const load = await firstLoad(browser, place, storage);
    const most = limits[place.name.split(' ')[0]];
    check(`gate: ${place.name} loads at most ${most.script} bytes of script`, load.script > 1000 && load.script <= most.script, load);
    if (most.requests) check(`gate: ${place.name} makes at most ${most.requests} requests`, load.requests <= most.requests, load);
    console.log(`first load: ${place.name} ${load.script} bytes of script (gzip), ${load.requests} requests`);
    portal ??= load;
  }
  for (const path of ['/portal/', '/portal/track', '/portal/case/x', '/desk/', '/desk/inbox', '/desk/set-up']) {
    const answer = await city.ask('GET', path);
    const policy = answer.headers.get('content-security-policy') ?? '';
    check(`${path}: strict content policy`, policy.includes("default-src 'none'") && policy.includes("frame-ancestors 'none'") && !policy.includes('unsafe'), policy);
    check(`${path}: no inline script or style`, !/<script(?![^>]*\bsrc=)[^>]*>|<style|\son\w+=|style=/.test(answer.text), answer.text);
    check(`${path}: nosniff, no referrer`, answer.headers.get('x-content-type-options') === 'nosniff' && answer.headers.get('referrer-policy') === 'no-referrer');
    check(`${path}: never kept by a cache unasked`, /no-cache|no-store/.test(answer.headers.get('cache-control') ?? ''), answer.headers.get('cache-control'));
  }
  const asset = portal.files.map((one) => one.split(' ')[0]).find((one) => one.endsWith('.js'));
  for (const [coding, open] of [['br', brotliDecompressSync], ['gzip', gunzipSync]]) {
    const answer = await new Promise(async (done, fail) => {
      const http = await import('node:http');
      http.get(city.url + asset, {headers: {'Accept-Encoding': coding}}, (r) => { const all = []; r.on('data', (d) => all.push(d)); r.on('end', () => done({headers: r.headers, body: Buffer.concat(all)})); }).on('error', fail);
    });
    check(`assets come as ${coding}, for ever`, answer.headers['content-encoding'] === coding && /immutable/.test(answer.headers['cache-control'] ?? '') && open(answer.body).length > 100, answer.headers);
  }
}
