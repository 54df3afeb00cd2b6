// Dates and instants of the service: always those of China Standard Time, whatever the clock or zone of the browser.
// "Now" is the server's: every answer's Date header corrects it (api.ts), so that a wrong clock shifts no deadline.
import { ref } from 'vue';
import { weekday } from './days';
import { lang, t } from './text';
export { addDays, dateOf, dayNumber, weekday } from './days';

const HOUR = 3_600_000;
// What the last page learnt serves until the first answer, and where none comes.
const KEPT = 'tongban.clock';
const kept = (): number => { try { return Number(localStorage.getItem(KEPT)) || 0; } catch { return 0; } };
const offset = ref(kept()); // server minus browser, milliseconds
let known = false;

export function learnServerTime(header: string | null): void {
  const at = header ? Date.parse(header) : NaN;
  if (Number.isNaN(at)) return;
  const seen = at + 500 - Date.now(); // the header has whole seconds
  if (!known || Math.abs(seen - offset.value) > 2000) {
    offset.value = seen;
    try { if (Math.abs(seen) > 60_000) localStorage.setItem(KEPT, String(Math.round(seen))); else localStorage.removeItem(KEPT); } catch { /* for this page */ }
  }
  known = true;
}
export const serverNow = (): number => Date.now() + offset.value;
/** Has a server been heard, now or by an earlier page? Before that nothing may be refused because of the device's clock. */
export const knowsServerTime = (): boolean => known || offset.value !== 0;

const inChina = (instant: string | number): string => {
  const at = typeof instant === 'number' ? instant : Date.parse(instant);
  return Number.isNaN(at) ? '' : new Date(at + 8 * HOUR).toISOString();
};
/** The date in China of an instant such as `2021-02-05T16:20:00+08:00`; empty where it is none. */
export const localDate = (instant: string | number): string => inChina(instant).slice(0, 10);
export const localTime = (instant: string | number): string => inChina(instant).slice(11, 16);
export const today = (): string => localDate(serverNow());

export const weekdayName = (date: string): string => t(`weekday.${weekday(date)}`);
/** 3月10日; with the year where it is another than `near`'s. */
export function showDate(date: string, near: string = today()): string {
  if (!date) return '';
  const [y, m, d] = date.split('-').map(Number);
  const values = { y, m, d, month: lang.value === 'en' ? t(`month.${m}`) : String(m) };
  return t(near.slice(0, 4) === date.slice(0, 4) ? 'time.date' : 'time.dateYear', values);
}
export function showFullDate(date: string): string {
  const [y, m, d] = date.split('-').map(Number);
  return t('time.dateYear', { y, m, d, month: lang.value === 'en' ? t(`month.${m}`) : String(m) });
}
export const showDateWeekday = (date: string): string => t('time.dateWeekday', { date: showDate(date), weekday: weekdayName(date) });
export const showInstant = (instant: string | number): string => t('time.instant', { date: showDate(localDate(instant)), time: localTime(instant) });
export function showDuration(minutes: number): string {
  const h = Math.floor(minutes / 60), m = Math.round(minutes % 60);
  if (h >= 48) return t('time.days', { n: Math.floor(h / 24) });
  if (h === 0) return t('time.minutes', { n: m });
  return m === 0 ? t('time.hours', { n: h }) : t('time.hoursMinutes', { h, m });
}
