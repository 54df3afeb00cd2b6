// The views of the inbox: what each asks of the API. The address of the page carries view, filters, sort, page and
// columns; from it the query is made, so a link shows a colleague the same list.
import { addDays } from '@shared/days';

export interface Address {
  view?: string; q?: string; type?: string; state?: string; flag?: string; due?: string; from?: string; until?: string;
  sort?: string; n?: string; after?: string; cols?: string; as?: string; done?: string;
}
export type Query = Record<string, string | number | boolean | undefined>;

/** The working days that follow `today`: from the calendar where it is there, else Monday to Friday. */
export function next_working_day(today: string, n: number, days: { date: string; working: boolean }[]): string {
  const known = new Map(days.map((d) => [d.date, d.working]));
  let date = today;
  for (let i = 0, left = n; i < 60 && left > 0; i++) {
    date = addDays(date, 1);
    const weekday = new Date(date + 'T00:00:00Z').getUTCDay();
    if (known.get(date) ?? (weekday !== 0 && weekday !== 6)) left--;
  }
  return date;
}

/** Due on a day: after its midnight, at the midnight of the next day at the latest. */
const after_midnight = (date: string) => `${date}T00:00:01+08:00`;

export function query_of(a: Address, mine: { unit: string; position: string }, today: string, days: { date: string; working: boolean }[]): Query {
  const q: Query = { open: a.done === 'yes' ? false : true };
  const view = a.view || 'act';
  q.holder = 'unit:' + mine.unit;
  if (view === 'act') {
    if (mine.position) q.holder = `position:${mine.position}@${mine.unit}`;
    q.to_act = true;
  } else if (view.startsWith('act:')) {
    q.holder = `position:${view.slice(4)}@${mine.unit}`;
    q.to_act = true;
  } else if (view === 'unit-act') q.to_act = true;
  else if (view === 'late') q.late = true;
  else if (view === 'today') { q.due_from = after_midnight(today); q.due_before = after_midnight(addDays(today, 1)); }
  else if (view === 'soon') { q.due_from = after_midnight(addDays(today, 1)); q.due_before = after_midnight(addDays(next_working_day(today, 2, days), 1)); }
  else if (view === 'paused') q.paused = true;
  else if (view === 'decide') q.to_decide = true;
  else if (view === 'closed') q.open = false;
  else if (view.startsWith('state:')) q.state = view.slice(6);
  if (a.q) q.q = a.q;
  if (a.type) q.type = a.type;
  if (a.state) q.state = a.state;
  if (a.flag) q.flag = a.flag;
  if (a.from) q.opened_from = a.from;
  if (a.until) q.opened_before = addDays(a.until, 1);
  if (a.due === 'late') q.late = true;
  else if (a.due) { q.due_from = after_midnight(a.due); q.due_before = after_midnight(addDays(a.due, 1)); }
  return q;
}
export const page_sizes = [50, 100, 200];
export const sorts = ['due', 'opened', 'changed'];
export const sort_of = (a: Address): string => (sorts.includes(a.sort ?? '') ? a.sort! : 'due');
export const size_of = (a: Address): number => (page_sizes.includes(Number(a.n)) ? Number(a.n) : 50);
/** Filters beside the view, as they are counted on the filter button. */
export const filters_of = (a: Address): string[] => (['q', 'type', 'state', 'flag', 'due', 'from', 'until'] as const).filter((k) => !!a[k]);
export const all_columns = ['number', 'title', 'kind', 'state', 'holder', 'due', 'opened', 'changed'];
export const columns_of = (a: Address): string[] => {
  const chosen = (a.cols ?? '').split(',').filter((c) => all_columns.includes(c));
  return chosen.length ? chosen : ['number', 'title', 'kind', 'state', 'holder', 'due'];
};
/** What the list itself asks for: the view's query with order and page. */
export const list_query = (a: Address, mine: { unit: string; position: string }, today: string, days: { date: string; working: boolean }[]): Query =>
  ({ ...query_of(a, mine, today, days), sort: sort_of(a), limit: size_of(a), after: a.after });
