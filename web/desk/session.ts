// Who is signed in, and what happens when the session ends in the middle: a panel over the page, the typed text stays,
// and the request that met the end is sent again.
import { computed, reactive } from 'vue';
import { Api, ApiError } from '@shared/api';
import { wipeDrafts } from '@shared/drafts';
import type { Session } from './models/types';

export const session = reactive({
  state: 'unknown' as 'unknown' | 'in' | 'out',
  expired: false, // signed in before, asked to do so again
  who: null as Session | null,
  unit: '', // the unit the person acts for
  shared: true, // a shared computer: nothing stays after signing out
});
let again: Promise<boolean> | undefined;
let answer: ((done: boolean) => void) | undefined;

function ask_again(): Promise<boolean> {
  if (session.state !== 'in') return Promise.resolve(false);
  session.expired = true;
  again ??= new Promise<boolean>((done) => (answer = done));
  return again;
}
export const api = new Api({
  identity: () => ({ csrf: session.who?.csrf, unit: units_of(session.who).length > 1 ? session.unit : undefined }),
  onSignIn: ask_again,
});

const units_of = (who: Session | null) => [...new Set((who?.posts ?? []).map((p) => p.unit))];
export const units = computed(() => {
  const seen = new Map<string, string>();
  for (const p of session.who?.posts ?? []) seen.set(p.unit, p.unit_name);
  return [...seen].map(([id, name]) => ({ id, name }));
});
export const unit_name = computed(() => units.value.find((u) => u.id === session.unit)?.name ?? '');
export const my_posts = computed(() => (session.who?.posts ?? []).filter((p) => p.unit === session.unit));
export const person_name = computed(() => session.who?.person?.name ?? session.who?.account ?? '');

function take(who: Session): void {
  const known = units_of(who);
  let unit = '';
  try { unit = localStorage.getItem('tongban.desk.unit.' + who.account) ?? ''; } catch { /* none kept */ }
  session.unit = known.includes(unit) ? unit : (known[0] ?? '');
  session.who = who;
  session.state = 'in';
}
export async function read_session(): Promise<void> {
  try { session.shared = localStorage.getItem('tongban.desk.shared') !== 'no'; } catch { /* shared */ }
  try {
    take(await api.get<Session>('sessions/current', { quiet: true }));
  } catch (error) {
    if (error instanceof ApiError && error.offline) throw error;
    session.state = 'out';
  }
}
export async function sign_in(name: string, password: string): Promise<void> {
  const before = session.who?.account;
  const who = await api.post<Session>('sessions', { name, password }, { quiet: true });
  // Another person signs in over the page: drafts are the first person's, so the page starts anew.
  const other = session.expired && before !== undefined && before !== who.account;
  take(await api.get<Session>('sessions/current', { quiet: true }).catch(() => who));
  if (other) return location.reload();
  session.expired = false;
  answer?.(true);
  again = answer = undefined;
}
export async function sign_out(): Promise<void> {
  await api.delete('sessions/current', { quiet: true }).catch(() => undefined);
  if (session.shared) await wipeDrafts();
  answer?.(false);
  again = answer = undefined;
  session.expired = false;
  session.who = null;
  session.state = 'out';
}
export function set_shared(yes: boolean): void {
  session.shared = yes;
  try { localStorage.setItem('tongban.desk.shared', yes ? 'yes' : 'no'); } catch { /* stays for this page */ }
}
export function act_for(unit: string): void {
  session.unit = unit;
  try { localStorage.setItem('tongban.desk.unit.' + session.who?.account, unit); } catch { /* for this page */ }
  location.reload();
}
/** Drafts belong to an account: two people at one computer never see each other's. */
export const draft_id = (kind: string): string => `desk.${session.who?.account ?? ''}.${kind}`;
