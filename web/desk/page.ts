// What the frame shows of the page: title, the number of overdue cases, the next holiday.
import { computed, reactive, ref } from 'vue';
import { t } from '@shared/text';
import { addDays } from '@shared/time';
import { api } from './session';
import { month_day, today } from './format';
import type { CalendarDay } from './models/types';

export const page = reactive({ title: '', sub: '', late: 0 });
const days = ref<CalendarDay[]>([]);
/** Days around today, for strips of overdue clocks and for "within two working days"; empty on an older server. */
export const calendar_days = days;
export async function load_holidays(): Promise<void> {
  try {
    days.value = (await api.get<{ days: CalendarDay[] }>('calendar', { query: { from: addDays(today.value, -120), to: addDays(today.value, 120) } })).days;
  } catch { /* an older server has no calendar: the note is left out */ }
}
export const holiday_note = computed(() => {
  const ahead = days.value.filter((d) => d.date >= today.value).slice(0, 46);
  const first = ahead.findIndex((d) => !d.working && d.name);
  if (first < 0) return '';
  let end = first;
  while (end + 1 < ahead.length && !ahead[end + 1]!.working) end++;
  const left = ahead.slice(0, first).filter((d) => d.working).length;
  const from = ahead[first]!, to = ahead[end]!;
  const provisional = ahead.slice(first, end + 1).some((d) => d.provisional);
  return t(provisional ? 'holiday.provisional' : 'holiday.next', { n: left, from: month_day(from.date), to: month_day(to.date), name: from.name ?? '' });
});
