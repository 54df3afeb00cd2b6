// Arithmetic of dates such as `2021-02-05`, without anything of the page.
const DAY = 86_400_000;

/** Number of the day since 1970-01-01. */
export function dayNumber(date: string): number {
  const [y, m, d] = date.split('-').map(Number);
  return Math.round(Date.UTC(y!, m! - 1, d) / DAY);
}
export const dateOf = (day: number): string => new Date(day * DAY).toISOString().slice(0, 10);
export const addDays = (date: string, n: number): string => dateOf(dayNumber(date) + n);
/** 0 = Monday … 6 = Sunday. */
export const weekday = (date: string): number => (dayNumber(date) + 3) % 7;
/** The date in China of an instant in milliseconds. */
export const dateInChina = (ms: number): string => new Date(ms + 8 * 3_600_000).toISOString().slice(0, 10);
