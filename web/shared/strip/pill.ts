// The deadline pill: how much is left, then the day. Shape and words carry the state, colour repeats it.
import { t } from '../text';
import { localDate, serverNow, showDate, showDuration } from '../time';
import type { CaseRow, Clock } from '../types';
import type { Strip } from './model';

export type PillLook = 'plain' | 'soon' | 'today' | 'late' | 'done' | 'paused' | 'provisional' | 'elapsed' | 'draft';
export interface PillWords { look: PillLook; text: string; label?: string }
export interface PillNames { onTime?: string; tooLate?: string }

const day = (date: string, provisional?: boolean) => (provisional ? t('pill.provisional', { date: showDate(date) }) : showDate(date));
function left(remaining: number, date: string, provisional: boolean): PillWords {
  const sep = t('pill.sep');
  if (remaining < 0) return { look: 'late', text: t('pill.late', { n: -remaining }) + sep + showDate(date) };
  if (remaining === 0) return { look: 'today', text: t('pill.today') + sep + showDate(date) };
  const text = t('pill.left', { n: remaining }) + sep + day(date, provisional);
  return { look: provisional ? 'provisional' : remaining <= 2 ? 'soon' : 'plain', text };
}
export function remainingDays(strip: Strip, today: string): number {
  if (strip.overdue > 0) return -strip.overdue;
  return strip.days.filter((d) => d.date > today && ['counted', 'extended', 'rolled'].includes(d.kind)).length;
}
export function pillOfClock(clock: Clock, strip: Strip, today: string, names: PillNames = {}): PillWords {
  const sep = t('pill.sep');
  if (clock.status === 'cancelled') return { look: 'elapsed', text: t('pill.cancelled') };
  if (!strip.running) {
    const on = clock.claimed_at ?? clock.stopped_at;
    const when = on ? sep + showDate(localDate(on)) : '';
    return clock.late ? { look: 'late', text: (names.tooLate ?? t('pill.doneLate')) + when } : { look: 'done', text: (names.onTime ?? t('pill.doneOnTime')) + when };
  }
  if (clock.status === 'paused') return { look: 'paused', text: t('pill.paused') };
  if (!clock.due_at || !clock.due_on) return { look: 'elapsed', text: t('pill.elapsed', { time: showDuration((serverNow() - Date.parse(clock.started_at)) / 60_000) }) };
  if (strip.scale === 'minutes') {
    const minutes = clock.remaining_minutes ?? Math.ceil((Date.parse(clock.due_at) - serverNow()) / 60_000);
    return minutes < 0 ? { look: 'late', text: t('pill.lateMinutes', { time: showDuration(-minutes) }) } : { look: minutes <= 60 ? 'soon' : 'plain', text: t('pill.leftMinutes', { time: showDuration(minutes) }) };
  }
  return left(clock.remaining ?? remainingDays(strip, today), clock.due_on, !!clock.provisional);
}
/** For a line of a list, which has no strip. */
export function pillOfRow(row: CaseRow): PillWords | undefined {
  if (row.paused) return { look: 'paused', text: t('pill.paused') };
  const due = row.due;
  if (due?.remaining_minutes !== undefined) {
    const m = due.remaining_minutes;
    return m < 0 ? { look: 'late', text: t('pill.lateMinutes', { time: showDuration(-m) }), label: due.title } : { look: m <= 60 ? 'soon' : 'plain', text: t('pill.leftMinutes', { time: showDuration(m) }), label: due.title };
  }
  // due.at is 24:00 of the due day, which is 00:00 of the next: a second earlier is still that day.
  const dueDay = (at: string) => localDate(Date.parse(at) - 1000);
  if (due) return { ...left(due.remaining, dueDay(due.at), due.provisional), label: due.title };
  if (row.due_at) return { look: row.late ? 'late' : 'plain', text: (row.late ? t('pill.lateDays') + t('pill.sep') : '') + day(dueDay(row.due_at), row.due_provisional) };
  return undefined;
}
