// What a first visit loads, as the network carries it, and what every page is protected by.
import {gunzipSync, brotliDecompressSync, gzipSync} from 'node:zlib';
import {check} from '../e2e/program.mjs';
import {openPage} from './browser.mjs';

// Loads an address with an empty cache; the scripts' size as gzip would make it, and how many files came.
export async function firstLoad(browser, address, ready) {
  const page = await openPage(browser, {size: 'phone'});
  const seen = [];
  page.on('response', (response) => { if (!/\/api\//.test(response.url()) && !response.url().startsWith('data:')) seen.push(response); });
  await page.goto(address);
  await page.locator(ready).first().waitFor();
  await page.waitForLoadState('networkidle');
  let script = 0;
  const files = [];
  for (const response of seen) {
    const body = await response.body().catch(() => Buffer.alloc(0));
    const gzip = gzipSync(body, {level: 9}).length;
    files.push(`${new URL(response.url()).pathname} ${gzip}`);
    if (/javascript/.test(response.headers()['content-type'] ?? '')) script += gzip;
  }
  await page.context().close();
  return {script, requests: seen.length, files};
}

export async function gates(browser, city) {
  const portal = await firstLoad(browser, city.portal(), '.entries li');
  check('gate: the portal loads at most 60 kB of script', portal.script > 1000 && portal.script <= 60_000, portal);
  check('gate: the portal asks for at most 8 files', portal.requests <= 8, portal);
  const desk = await firstLoad(browser, city.desk(), 'form.signin');
  check('gate: the desk loads at most 250 kB of script', desk.script > 1000 && desk.script <= 250_000, desk);
  console.log(`first load: portal ${portal.script} bytes of script (gzip) in ${portal.requests} files, desk ${desk.script} in ${desk.requests}`);
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
