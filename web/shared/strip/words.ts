// Says a row of the ledger: pieces of text, the important one strong. The same words on screen, in print and for
// screen readers.
import { t } from '../text';
import { localDate, localTime, serverNow, showDate, showDuration, weekdayName } from '../time';
import type { Basis, Clock } from '../types';
import type { LedgerRow, Strip } from './model';

export interface Words { key: LedgerRow['key']; title: string; parts: { text: string; strong?: boolean }[]; basis?: Basis; note?: string }

const minutesBetween = (from: string, to: string | undefined): number => Math.max(0, Math.floor(((to ? Date.parse(to) : serverNow()) - Date.parse(from)) / 60_000));
export const limitWords = (unit: string | undefined, n: number): string => t(`unit.${unit ?? 'working_days'}`, { n });
const adjustedWords = (dates: string[] | undefined, day: (date: string) => string): string =>
  dates && dates.length > 0 ? t('strip.adjusted', { days: dates.map((d) => (dates.length > 1 ? day(d) : t('strip.workday', { date: day(d), weekday: weekdayName(d) }))).join(t('list.and')) }) : '';

export function ledgerWords(strip: Strip, clock: Clock): Words[] {
  // The start names its year where it is not this year; the other days only where theirs is another than the start's.
  const day = (date: string) => showDate(date, clock.started_at);
  return strip.ledger.map((row): Words => {
    const words: Words = { key: row.key, title: t(`strip.key.${row.key}`), parts: [], basis: row.basis };
    const say = (text: string, strong = false) => { if (text) words.parts.push({ text, strong }); };
    switch (row.key) {
      case 'start': {
        const date = localDate(row.at!);
        const values = { date: t('time.dateWeekday', { date: showDate(date), weekday: weekdayName(date) }), time: localTime(row.at!) };
        if (strip.scale === 'days') { say(t('strip.start', values)); words.note = t('strip.startLaw'); words.basis = undefined; } else say(t('strip.startMinutes', values));
        break;
      }
      case 'counted': say(limitWords(row.unit === 'months' ? 'calendar_days' : row.unit, row.count ?? 0), true); say(adjustedWords(row.adjusted, day)); break;
      case 'extended': say(limitWords(row.unit, row.count ?? 0), true); if (row.date) say(t('strip.extendedFrom', { date: day(row.date) })); say(adjustedWords(row.adjusted, day)); break;
      case 'paused':
        if (row.unit === 'minutes') say(t(row.open ? 'strip.pausedMinutesOpen' : 'strip.pausedMinutes', { from: localTime(row.at!), until: row.until ? localTime(row.until) : '' }));
        else say(t(row.open ? 'strip.pausedOpen' : 'strip.paused', { from: day(row.date!), until: row.until ? day(row.until) : '', n: row.count ?? 0 }));
        break;
      case 'provisional': { const from = row.date ?? strip.due!; say(t('strip.provisional', { year: from.slice(5) >= '12-29' ? Number(from.slice(0, 4)) + 1 : from.slice(0, 4), date: day(from) })); break; }
      case 'off': {
        const parts = (row.holidays ?? []).map((h) => t('strip.holiday', { name: h.name, n: h.days }));
        if (row.weekend) parts.push(t('strip.weekend', { n: row.weekend }));
        if (row.rolled) parts.push(t('strip.rolled', { n: row.rolled }));
        say(parts.join(t('list.comma')));
        if (strip.notices.length > 0) words.note = strip.notices.map((n) => t('strip.notice', { notice: n })).join(t('list.and'));
        break;
      }
      case 'due':
        if (strip.scale === 'days') say(t('strip.due', { date: t('time.dateWeekday', { date: day(row.date!), weekday: weekdayName(row.date!) }) }), true);
        else say(t('strip.dueMinutes', { date: day(localDate(row.at!)), time: localTime(row.at!) }), true);
        if (row.provisional) say(t('strip.dueProvisional'));
        break;
      case 'overdue': say(t('strip.overdue', { n: row.count ?? 0 }), true); say(row.open || !strip.answeredOn ? t('strip.overdueSince', { date: day(row.date!) }) : t('strip.overdueAnswered', { date: day(strip.answeredOn) })); break;
      case 'check': {
        const parts = [t('strip.checkCounted', { n: row.counted ?? 0 })];
        if (row.paused) parts.push(t('strip.checkPaused', { n: row.paused }));
        if (row.off) parts.push(t('strip.checkOff', { n: row.off }));
        say(t('strip.check', { total: row.total ?? 0, parts: parts.join(t('list.plus')) }));
        break;
      }
      case 'elapsed': say(t(row.open ? 'strip.elapsed' : 'strip.elapsedDone', { time: showDuration(minutesBetween(row.at!, row.until)) }), true); say(t('list.comma') + t('strip.noLimit')); break;
    }
    return words;
  });
}
export const ledgerText = (words: Words): string => `${words.title} ${words.parts.map((p) => p.text).join('')}${words.note ? ` ${words.note}` : ''}`;
