// Which rows this person has looked at on this device: number of version by case, a few hundred at most.
import { reactive } from 'vue';
import { session } from './session';
import type { CaseRow } from './models/types';

const state = reactive({ account: '', seen: {} as Record<string, number> });
const key = () => 'tongban.desk.seen.' + session.who?.account;
function load(): void {
  if (state.account === session.who?.account) return;
  state.account = session.who?.account ?? '';
  try { state.seen = JSON.parse(localStorage.getItem(key()) ?? '{}') as Record<string, number>; } catch { state.seen = {}; }
}
export function is_unread(row: CaseRow): boolean {
  load();
  return (state.seen[row.id] ?? 0) < row.version;
}
export function mark_seen(row: { id: string; version: number }): void {
  load();
  if (state.seen[row.id] === row.version) return;
  state.seen[row.id] = row.version;
  const ids = Object.keys(state.seen);
  for (const id of ids.slice(0, Math.max(0, ids.length - 500))) delete state.seen[id];
  try { localStorage.setItem(key(), JSON.stringify(state.seen)); } catch { /* for this page only */ }
}
