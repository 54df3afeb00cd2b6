// What the whole portal shares: the site, who may see which case, elder mode, the sign-in that returns to where one was.
import { reactive, ref, shallowRef, watch } from 'vue';
import { Api } from '@shared/api';
import { knowsServerTime, serverNow } from '@shared/time';
import type { CaseType, PackInfo, Site } from '@shared/types';

// Storage may be refused (private windows): then things last as long as the page.
const get = (store: () => Storage, key: string): string | null => { try { return store().getItem(key); } catch { return null; } };
const put = (store: () => Storage, key: string, value: string | null): void => { try { if (value === null) store().removeItem(key); else store().setItem(key, value); } catch { /* page only */ } };
const local = () => localStorage, session = () => sessionStorage;

export const elder = ref(get(local, 'tongban.elder') === '1');
watch(elder, (on) => { put(local, 'tongban.elder', on ? '1' : null); document.documentElement.classList.toggle('elder', on); }, { immediate: true });

// Tickets: a tracking session per case, or one for a telephone number. Kept as long as the tab, never longer than they hold.
export interface Ticket { token: string; expires: string; phone?: string }
export const tickets = reactive<{ cases: Record<string, Ticket>; phone?: Ticket }>(JSON.parse(get(session, 'tongban.tickets') ?? '{"cases":{}}'));
watch(tickets, () => put(session, 'tongban.tickets', JSON.stringify(tickets)), { deep: true });
// A device's clock may be wrong by hours: before the server was heard the ticket is tried, and refused there if it is over.
const good = (ticket?: Ticket): string | undefined => (ticket && (!knowsServerTime() || Date.parse(ticket.expires) > serverNow()) ? ticket.token : undefined);
export const tokenFor = (number: string): string | undefined => good(tickets.cases[number]) ?? good(tickets.phone);
export const phoneToken = (): string | undefined => good(tickets.phone);
export const dropTicket = (number: string): void => { delete tickets.cases[number]; };
export function signOut(): void { tickets.cases = {}; tickets.phone = undefined; put(session, DONE, null); }

/** The panel that asks for number and code (or phone) over the page; answers whether it worked. */
export const signIn = shallowRef<{ number?: string; answer: (ok: boolean) => void } | null>(null);
export function askSignIn(number?: string): Promise<boolean> {
  return new Promise((done) => { signIn.value = { number, answer: (ok) => { signIn.value = null; done(ok); } }; });
}
export const caseAt = ref<string>(); // the case on the page, for a sign-in in the middle
export const api = new Api({ onSignIn: () => { if (caseAt.value) dropTicket(caseAt.value); return askSignIn(caseAt.value); } });

export const site = shallowRef<Site | null>(null);
export const packs = shallowRef<PackInfo[]>([]);
export const siteFailed = ref(false);
export async function loadSite(): Promise<void> {
  siteFailed.value = false;
  try { site.value = await api.get<Site>('site'); } catch (error) {
    if ((error as { offline?: boolean }).offline) { siteFailed.value = true; return; }
    // A server without a site description: the packs say enough to start.
    try {
      packs.value = (await api.get<{ items: PackInfo[] }>('packs')).items;
      const open = packs.value.flatMap((p) => p.types.filter((x) => x.public).map((x) => ({ pack: p, type: x })));
      const first = open[0]?.pack;
      site.value = {
        name: first?.title ?? '', name_en: first?.title_en ?? '', phone: '', organiser: first?.issuer ?? '', organiser_en: '', demo: false, emergency: [],
        document: first ? { pack: first.id, text: first.document } : undefined,
        entries: open.map(({ pack, type }) => ({ pack: pack.id, type: type.id, title: type.title, title_en: type.title_en ?? '', help: type.help ?? '', help_en: type.help_en ?? '' })),
      };
    } catch { siteFailed.value = true; }
  }
}
const types = new Map<string, Promise<CaseType>>();
export function caseType(pack: string, type: string): Promise<CaseType> {
  const path = `packs/${pack.split('@')[0]}/types/${type}`;
  let reading = types.get(path);
  if (!reading) { reading = api.get<CaseType>(path); types.set(path, reading); reading.catch(() => types.delete(path)); }
  return reading;
}

// What was just filed: number and code survive a reload of the last page, in this tab only.
const DONE = 'tongban.done';
export interface Done { pack: string; type: string; id: string; number: string; code?: string; at: number; phone?: string; draft?: string; late?: boolean }
export const lastDone = (): Done | undefined => { const text = get(session, DONE); return text ? (JSON.parse(text) as Done) : undefined; };
export const keepDone = (done: Done | undefined): void => put(session, DONE, done ? JSON.stringify(done) : null);
export const maskPhone = (phone: string): string => { const d = phone.replace(/[ ()-]/g, ''); return d.length < 7 ? '*'.repeat(d.length) : d.slice(0, 3) + '*'.repeat(Math.max(1, d.length - 7)) + d.slice(-4); };
