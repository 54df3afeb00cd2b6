// Views a person saved: a name and what the address says. On this device, by account.
import { reactive } from 'vue';
import { session } from './session';

export interface SavedView { name: string; query: string }
const views = reactive<SavedView[]>([]);
let account = '';
const key = () => 'tongban.desk.views.' + session.who?.account;
export function saved_views(): SavedView[] {
  if (account !== session.who?.account) {
    account = session.who?.account ?? '';
    try { views.splice(0, views.length, ...(JSON.parse(localStorage.getItem(key()) ?? '[]') as SavedView[])); } catch { views.length = 0; }
  }
  return views;
}
const keep = () => { try { localStorage.setItem(key(), JSON.stringify(views)); } catch { /* for this page only */ } };
export function save_view(name: string, query: string): void {
  if (!views.some((v) => v.query === query)) views.push({ name, query });
  keep();
}
export function drop_view(query: string): void {
  const at = views.findIndex((v) => v.query === query);
  if (at >= 0) views.splice(at, 1);
  keep();
}
