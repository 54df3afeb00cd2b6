// Journeys 1 and 2 as people type: five characters a second, a text of 120 characters.
import {openPage} from '../../tests/pages/browser.mjs';
import {agentTakesCall, citizenFiles, citizenRates, text120} from '../../tests/pages/journeys.mjs';
import {Hands} from '../../tests/pages/kit.mjs';

export default async function journeys(browser, city, figure) {
  const phone = await openPage(browser, {size: 'phone'});
  const filed = await citizenFiles(phone, city, {speed: 5, text: text120});
  figure('journey 1, home page to number and code', filed.seconds.toFixed(1), 's', 90);
  figure('journey 1, of it waiting for the server', filed.server.toFixed(2), 's');
  figure('journey 1, taps', filed.clicks, '');
  const found = await city.ask('POST', '/api/v1/trackings', {body: {number: filed.number, code: filed.code}});
  await city.bring({id: found.json.case.id}, 'review');
  await phone.goto(city.portal('track'));
  const hands = new Hands(phone, {speed: 5});
  const begun = Date.now();
  await hands.write(phone.locator('input[id$=-number]').first(), filed.number);
  await hands.write(phone.locator('input[id$=-code]').first(), filed.code);
  await hands.hit(phone.locator('.track-form button.solid'));
  const rated = await citizenRates(phone);
  figure('journey 1, tracking and rating', ((Date.now() - begun) / 1000).toFixed(1), 's');
  figure('journey 1, taps to rate', rated.clicks, '', 2);
  await phone.context().close();
  const desk = await openPage(browser);
  await city.signIn(desk, 'zhangsan');
  const call = await agentTakesCall(desk, city, {speed: 5, text: text120});
  const row = await city.ask('GET', `/api/v1/cases?holder=unit:hotline&q=${call.number}`, {token: city.as('zhangsan')});
  figure(`journey 2, ring to “${row.json?.items?.[0]?.state_title ?? '?'}”`, call.seconds.toFixed(1), 's', 60);
  figure('journey 2, of it waiting for the server', call.server.toFixed(2), 's');
  figure('journey 2, keys', call.keys, '');
  figure('journey 2, clicks', call.clicks, '', 2);
  await desk.context().close();
}
