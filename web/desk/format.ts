// Times as the desk writes them; the reactive clock of the page ticks twice a minute.
import { computed, ref } from 'vue';
import { lang, t } from '@shared/text';
import { localDate, localTime, serverNow, showDate, showInstant } from '@shared/time';

const tick = ref(0);
let timer: ReturnType<typeof setInterval> | undefined;
export function start_clock(): void {
  timer ??= setInterval(() => tick.value++, 30_000);
}
export const now_ms = computed(() => (tick.value, serverNow()));
export const now_iso = computed(() => new Date(now_ms.value).toISOString());
export const today = computed(() => localDate(now_ms.value));

export const month_day = (date: string): string => (date ? showDate(date, today.value) : '');
export const instant = (at: string | undefined): string => (at ? showInstant(at) : '');
export const clock_time = (at: string | number): string => localTime(at);
export const seconds_time = (ms: number): string => new Date(ms + 8 * 3_600_000).toISOString().slice(11, 19);

/** 41 分钟, 4 小时 10 分, 3 天 2 小时: how long somebody held a case. */
export function duration(minutes: number): string {
  const d = Math.floor(minutes / 1440), h = Math.floor((minutes % 1440) / 60), m = Math.round(minutes % 60);
  if (d > 0) return h > 0 && d < 10 ? t('duration.days_hours', { d, h }) : t('duration.days', { d });
  if (h > 0) return m > 0 ? t('duration.hours_minutes', { h, m }) : t('duration.hours', { h });
  return t('duration.minutes', { m });
}
export const list_of = (words: string[]): string => words.filter(Boolean).join(lang.value === 'en' ? ', ' : '、');
