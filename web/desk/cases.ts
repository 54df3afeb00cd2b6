// Words and queries about rows of cases; the same for every pack.
import { type_of, value_words } from './packs';
import { said } from '@shared/text';
import type { CaseRow } from './models/types';

export function row_title(row: CaseRow): string {
  if (row.title) return row.title;
  const type = type_of(row.type);
  const named = type?.title_field ? row.fields[type.title_field] : undefined;
  const first = named ?? Object.entries(row.fields).find(([id, v]) => typeof v === 'string' && !value_is_code(row.type, id))?.[1];
  return typeof first === 'string' && first ? first : row.number;
}
function value_is_code(type: string, id: string): boolean {
  const field = [...(type_of(type)?.open.fields ?? [])].find((f) => f.id === id);
  return !!field && (field.kind === 'one_of' || field.kind === 'entry');
}
/** What kind of case, in a few words: the first choice of its list fields, else its state. */
export function row_words(row: CaseRow): string[] {
  const type = type_of(row.type);
  const words: string[] = [];
  // The labels of the row serve until the type has come.
  if (!type) { const label = Object.values(row.labels ?? {})[0]; if (label) words.push(label); }
  for (const field of type?.fields ?? type?.open.fields ?? []) {
    const value = row.fields[field.id];
    if (field.kind === 'one_of' && value !== undefined) { words.push(value_words(type, field.id, value)); break; }
  }
  words.push(said(row, 'state_title').text);
  return words.filter(Boolean);
}
export const short_number = (row: { number: string }): string => row.number.split('-').pop() ?? row.number;
