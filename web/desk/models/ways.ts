// The ways to settle a call: from the pack where it says them; else what those who may open a case can also do right
// after it, an action whose first field is a short choice giving one way for each value.
import { said } from '@shared/text';
import type { ActionForm, DeskType, FormField, Way } from './types';

const public_roles = (type: DeskType): Set<string> => {
  const used = new Set(type.actions.flatMap((a) => a.by ?? []));
  return new Set((type.open.by ?? []).filter((r) => !used.has(r)));
};
export function ways_of(type: DeskType, has_text: (register: string) => boolean = () => false): Way[] {
  if (type.ways?.length) return type.ways;
  const first = type.states[0]?.id ?? '';
  const outside = public_roles(type);
  const openers = new Set((type.open.by ?? []).filter((r) => !outside.has(r)));
  const ranked: { way: Way; rank: number }[] = [];
  for (const action of type.actions) {
    const from = action.from ?? [];
    if (!from.includes(first) || from.length > type.states.length / 2) continue;
    if (!(action.by ?? []).some((r) => openers.has(r))) continue;
    const head = (action.fields ?? []).find((f) => f.must);
    const knowledge = (action.fields ?? []).some((f) => f.register && has_text(f.register));
    if (head?.kind === 'one_of' && (head.options?.length ?? 0) <= 3 && !head.case_field) {
      for (const option of head.options ?? [])
        ranked.push({ rank: 1, way: { id: `${action.id}.${option.id}`, title: option.title, title_en: option.title_en, help: said(action, 'title').text, action: action.id, with: { [head.id]: option.id } } });
    } else {
      ranked.push({ rank: knowledge ? 0 : action.primary ? 2 : 3, way: { id: action.id, title: action.title, title_en: action.title_en, help: action.help, help_en: action.help_en, action: action.id } });
    }
  }
  const ways = ranked.sort((a, b) => a.rank - b.rank).map((r) => r.way);
  // Registering alone is always possible.
  ways.push({ id: 'open', title: type.open.title, title_en: type.open.title_en, action: 'open' });
  return ways;
}
/** The acts of a way after the opening, in their order. */
export const steps_of = (type: DeskType, way: Way | undefined): ActionForm[] =>
  way ? [...(way.before ?? []), way.action].flatMap((id) => type.actions.filter((a) => id !== 'open' && a.id === id)) : [];
/** The one form that the person fills for all of them: each field once, required where one of the acts requires it. */
export function form_of(type: DeskType, way: Way | undefined): ActionForm | undefined {
  const steps = steps_of(type, way);
  const last = steps[steps.length - 1];
  if (!last || steps.length === 1) return last;
  const fields: FormField[] = [];
  for (const f of steps.flatMap((s) => s.fields ?? [])) {
    const at = fields.findIndex((x) => x.id === f.id);
    if (at < 0) fields.push(f); else if (f.must && !fields[at]!.must) fields[at] = { ...fields[at]!, must: true };
  }
  return { ...last, fields };
}

/** The first sentence, as a title: until the person writes one. */
export function title_from(text: string, most: number): string {
  const first = text.trim().split(/[。！？；\n]/)[0]!.trim();
  const letters = [...first];
  if (letters.length <= most) return first;
  const cut = letters.slice(0, most).join('');
  const comma = Math.max(cut.lastIndexOf('，'), cut.lastIndexOf('、'), cut.lastIndexOf(' '));
  return comma > most / 2 ? cut.slice(0, comma) : cut;
}
/** What to look up in the articles: the last words typed (the search ranks, so a whole sentence may be sent). */
export const words_of = (text: string): string => [...text.trim().replace(/[\s，。！？；、：]+/g, ' ')].slice(-60).join('').trim();
