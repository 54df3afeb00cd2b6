// In which group of a list a row stands, by its deadline.
import { pillOfRow, type PillWords } from '@shared/strip/pill';
import { localDate } from '@shared/time';
import type { CaseRow } from './types';

export type Group = 'late' | 'today' | 'soon' | 'later' | 'paused' | 'none';
export const groups: Group[] = ['late', 'today', 'soon', 'later', 'paused', 'none'];

/** The pill of a row. A server that gives no remaining days leaves the day alone: today and late are still told. */
export function pill_of_row(row: CaseRow, today: string): PillWords | undefined {
  const pill = pillOfRow(row);
  if (!pill || row.due || row.paused || !row.due_at) return pill;
  const day = localDate(Date.parse(row.due_at) - 1000);
  if (pill.look === 'plain' && day < today) return { ...pill, look: 'late' };
  return pill.look === 'plain' && day === today ? { ...pill, look: 'today' } : pill;
}
export function group_of(row: CaseRow, today: string): Group {
  if (row.paused) return 'paused';
  const pill = pill_of_row(row, today);
  if (!pill) return 'none';
  if (pill.look === 'late' || pill.look === 'today' || pill.look === 'soon') return pill.look;
  const remaining = row.due?.remaining;
  return pill.look === 'provisional' && remaining !== undefined && remaining <= 2 ? 'soon' : 'later';
}
