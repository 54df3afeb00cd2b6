// What a first visit loads on every place where people land: bytes of script as gzip would carry them, and requests.
import {firstLoad, landings, limits, signedIn} from '../../tests/pages/gates.mjs';

export default async function sizes(browser, city, figure) {
  const filed = await city.file();
  const storage = await signedIn(browser, city);
  for (const place of landings(city, filed)) {
    const most = limits[place.name.split(' ')[0]];
    const load = await firstLoad(browser, place, storage);
    figure(`${place.name}, script`, load.script, 'bytes', most.script);
    figure(`${place.name}, requests`, load.requests, '', most.requests);
  }
}
