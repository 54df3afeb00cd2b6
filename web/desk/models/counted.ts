// How formulas of the pack counted working days, in words: from, to, how many, and whether a calendar that is still to
// come may change it. Pure: the engine counted (DaysCounted), here it is only said.
import { t } from '@shared/text';
import { localDate, showFullDate, weekdayName } from '@shared/time';
import type { DaysCounted } from './types';

export interface CountedWords {
  /** What the days were counted for, as the pack names it; empty in a letter. */
  of: string;
  text: string;
  provisional: boolean;
  /** The engine's own explanation, day by day (Chinese). */
  whole: string;
}

const day = (date: string) => t('time.dateWeekday', { date: showFullDate(date), weekday: weekdayName(date) });

function say(one: DaysCounted): CountedWords {
  const { counted } = one;
  const from = day(localDate(counted.start)), to = day(counted.due_on), n = counted.n;
  const text =
    one.function === 'is working day' ? t(n === 1 ? 'counted.working' : 'counted.off', { to })
    : one.function === 'next working day' ? t('counted.next', { from, to })
    : one.function === 'working days between' ? t('counted.between', { from, to, n })
    : t(counted.kind === 'backward' ? 'counted.before' : 'counted.after', { from, to, n });
  return { of: one.title ?? '', text, provisional: one.provisional, whole: one.sentence.trim() };
}
/** The same count made twice for one thing is told once. */
export function say_counted(list: DaysCounted[] | undefined): CountedWords[] {
  const all = (list ?? []).map(say);
  return all.filter((one, i) => all.findIndex((other) => other.of === one.of && other.text === one.text) === i);
}
