// The decisions that belong to an act: those made after it and before the next one, in words of the pack.
import { showValue } from '@shared/form/schema';
import { said } from '@shared/text';
import type { Act, Case, Decision, DeskType } from './types';

export function decisions_of(of: Pick<Case, 'acts' | 'decisions'>, act: Act): Decision[] {
  const next = Math.min(...of.acts.filter((a) => a.version > act.version).map((a) => a.version), Infinity);
  return of.decisions.filter((d) => d.event !== undefined && d.event > act.version && d.event < next);
}
/** What was decided: entries by name, limits and fields of the case by their words; what has no words is left out. */
export function decided_words(of: Decision, type: DeskType | undefined, name: (register: string, id: string) => string): string[] {
  const fields = type?.actions.flatMap((a) => a.fields ?? []) ?? [];
  return Object.entries((of.choice ?? of.suggestion ?? {}) as Record<string, unknown>).flatMap(([key, value]) => {
    if (value === null || value === undefined) return [];
    const suggested = fields.find((f) => f.suggest === `${of.decision}.${key}`);
    if (suggested?.register) return [name(suggested.register, String(value))];
    const own = type?.fields?.find((f) => f.id === key);
    if (own) return [`${said(own, 'title').text} ${showValue(own, value)}`];
    return typeof value === 'object' ? [showValue(undefined, value)].filter(Boolean) : [];
  });
}
