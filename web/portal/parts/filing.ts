// One topic a page, from any pack's opening form. Which page a field stands on follows from its kind, and for places from
// its name or register; nothing here knows a pack.
import type { CaseType, FormField } from '@shared/types';
import { fieldsOf } from '@shared/form/schema';

export type Topic = 'what' | 'where' | 'photos' | 'contact';
export interface Topics { topics: Topic[]; fields: Record<Topic, FormField[]>; more: FormField[]; title?: FormField; long?: FormField }
const PLACE = /(^|_)(where|address|place|division|location|site|area_of)(_|$)/;

export function topicsOf(type: CaseType): Topics {
  const fields: Record<Topic, FormField[]> = { what: [], where: [], photos: [], contact: [] };
  const more: FormField[] = [];
  const all = fieldsOf(type.open).filter((f) => f.id !== 'link');
  for (const f of all) {
    if (f.kind === 'file') fields.photos.push(f);
    else if (f.personal || f.kind === 'phone' || (f.kind === 'yes_no' && !f.must)) fields.contact.push(f);
    else if (PLACE.test(f.id) || f.register === 'divisions') fields.where.push(f);
    else if (f.must || f.kind === 'long_text') fields.what.push(f);
    else more.push(f);
  }
  const long = fields.what.find((f) => f.kind === 'long_text' && f.must);
  const title = long && fields.what.find((f) => f.id === type.title_field && f.kind === 'text');
  // The story first, its summary (which we propose) after it.
  if (long) fields.what = [long, ...fields.what.filter((f) => f !== long && f !== title), ...(title ? [title] : [])];
  fields.contact.sort((a, b) => Number(a.kind === 'yes_no') - Number(b.kind === 'yes_no'));
  const topics = (['what', 'where', 'photos', 'contact'] as Topic[]).filter((t) => fields[t].length > 0);
  return { topics, fields, more, title, long };
}

/** A summary from the story: its first clause, cut where a clause ends. */
export function summaryOf(story: string, most: number): string {
  const text = story.replace(/\s+/g, ' ').trim();
  const clauses = text.split(/(?<=[。！？!?；;\n])/);
  let first = (clauses[0] ?? '').replace(/[。！？!?；;]+$/, '');
  if ([...first].length > Math.min(most, 30)) {
    const parts = first.split(/[，,、]/);
    first = parts[0];
    for (let i = 1; i < parts.length && [...first].length < 10; i++) first += '，' + parts[i];
  }
  return [...first].slice(0, most).join('').trim();
}
