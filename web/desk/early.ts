// Runs before the desk itself has come: who is signed in, and then what the place in the address shows first. The client
// (shared/api.ts) finds these answers on their way when it asks. Small on purpose; nothing here is needed for the desk
// to work.
import { askAhead, isWaiting } from '@shared/ahead';
import { dateInChina } from '@shared/days';
import { list_query, type Address } from './models/views';

interface Who { account: string; posts?: { position: string; unit: string }[] }

async function ask(): Promise<void> {
  const place = location.pathname.slice(new URL('.', document.baseURI).pathname.length);
  if (/^(sign-in|set-up)/.test(place)) return;
  const answer = await askAhead('sessions/current', undefined, {});
  if (!answer.ok) return;
  const who = (await answer.clone().json()) as Who;
  const units = [...new Set((who.posts ?? []).map((p) => p.unit))];
  let chosen = '';
  try { chosen = localStorage.getItem('tongban.desk.unit.' + who.account) ?? ''; } catch { /* none kept */ }
  const unit = units.includes(chosen) ? chosen : (units[0] ?? '');
  const headers: Record<string, string> = units.length > 1 ? { 'X-Acting-Unit': unit } : {};
  const id = /^cases\/([^/?#]+)$/.exec(place)?.[1];
  if (id) { void askAhead(`cases/${id}`, undefined, headers); return; }
  if (place !== '' && place !== 'inbox') return;
  const address = Object.fromEntries(new URLSearchParams(location.search)) as Address;
  if (!unit || address.view === 'soon') return; // "soon" needs the calendar
  const today = dateInChina(Date.parse(answer.headers.get('Date') ?? '') || Date.now());
  const position = who.posts?.find((p) => p.unit === unit)?.position ?? '';
  const query = list_query(address, { unit, position }, today, []);
  const list = await askAhead('cases', query, headers);
  if (!list.ok || !isWaiting('cases', query)) return; // the desk is here and asks itself
  const rows = ((await list.clone().json()) as { items: { type: string }[] }).items;
  for (const type of new Set(rows.map((r) => r.type))) {
    const [pack, name] = type.split('/');
    void askAhead(`packs/${encodeURIComponent(pack!)}/types/${encodeURIComponent(name!)}`, undefined, headers);
  }
}
ask().catch(() => undefined);
