import { beforeAll, describe, expect, it, vi } from 'vitest';
import { addDays, dayNumber, dateOf, weekday } from '../time';
import type { Clock, ClockSegment, CountUnit, SpecialDay } from '../types';
import { cellsOf, lineGroups } from './line';
import { makeStrip, type Strip, type StripDay } from './model';
import { ledgerText, ledgerWords } from './words';
import { pillOfClock } from './pill';

// The State Council's arrangements for 2021 around the Spring Festival, and New Year 2027 as the law assumes it.
const SPRING: SpecialDay[] = [
  { date: '2021-02-07', off: false, name: '春节', notice: '2021' },
  ...[11, 12, 13, 14, 15, 16, 17].map((d) => ({ date: `2021-02-${d}`, off: true, name: '春节', notice: '2021' })),
  { date: '2021-02-20', off: false, name: '春节', notice: '2021' },
];
const isWorking = (date: string, specials: SpecialDay[]) => { const s = specials.find((x) => x.date === date); return s ? !s.off : weekday(date) < 5; };
/** Counts working days the slow way; the tests' own oracle for where a period ends. */
function segment(why: ClockSegment['why'], start: string, n: number, specials: SpecialDay[], extra: Partial<ClockSegment['counted']> = {}, unit: CountUnit = 'working_days'): ClockSegment {
  let day = start.slice(0, 10), left = n;
  while (left > 0) { day = addDays(day, 1); if (unit === 'calendar_days' || isWorking(day, specials)) left--; }
  const first = addDays(start.slice(0, 10), 1);
  const raw = day;
  if (unit === 'calendar_days') while (!isWorking(day, specials)) day = addDays(day, 1);
  return {
    why, event: 1, sentence: '', basis: { kind: 'clause', document: 'D', clause: '第十三条（二）', text: 'D 第十三条（二）' },
    counted: { start, unit, n, kind: 'deadline', first_counted: first, raw_end: raw, due_on: day, due_at: `${addDays(day, 1)}T00:00:00+08:00`, provisional: false, edition: '2021', specials: specials.filter((s) => s.date >= first && s.date <= day), ...extra },
  };
}
function clock(segments: ClockSegment[], more: Partial<Clock> = {}): Clock {
  const last = segments[segments.length - 1];
  return {
    no: 1, name: 'c', title: '答复时限', force: '法定', basis: last?.basis ?? { kind: 'product', text: '' }, started_at: segments[0]?.counted.start ?? '2021-02-05T16:20:00+08:00', started_by_event: 1,
    status: 'running', late: false, owner: 'x', due_on: last?.counted.due_on, due_at: last?.counted.due_at, provisional: last?.counted.provisional, segments, pauses: [], former_due: [], sentence: '', ...more,
  };
}
const at = (strip: Strip, date: string): StripDay => strip.days.find((d) => d.date === date)!;
const balance = (strip: Strip) => { const c = strip.ledger.find((r) => r.key === 'check')!; return [c.total, c.counted, c.paused, c.off]; };
const adds = (strip: Strip) => { const [total, counted, paused, off] = balance(strip) as number[]; return total === counted + paused + off; };
const START = '2021-02-05T16:20:00+08:00';

beforeAll(() => { vi.useFakeTimers({ now: new Date('2021-02-09T10:00:00+08:00') }); });

describe('five working days over the Spring Festival', () => {
  const strip = makeStrip(clock([segment('start', START, 5, SPRING)]), { today: '2021-02-09' });
  it('counts the Sunday that is a working day and skips the holiday by name', () => {
    expect(at(strip, '2021-02-07')).toMatchObject({ kind: 'counted', ordinal: 1, adjusted: true });
    expect(at(strip, '2021-02-06').kind).toBe('weekend');
    expect(at(strip, '2021-02-12')).toMatchObject({ kind: 'holiday', holiday: '春节', notice: '2021' });
    expect(at(strip, '2021-02-18')).toMatchObject({ kind: 'counted', ordinal: 5, due: true });
    expect(strip.due).toBe('2021-02-18');
  });
  it('adds up: 13 days are 5 counted and 8 not', () => expect(balance(strip)).toEqual([13, 5, 0, 8]));
  it('joins the holiday into one tile a week and keeps Monday first', () => {
    const week = strip.rows[1];
    expect(week.monday).toBe('2021-02-08');
    expect(week.cells!.map((c) => [c.from, c.days.length, c.kind])).toEqual([[0, 1, 'counted'], [1, 1, 'counted'], [2, 1, 'counted'], [3, 4, 'holiday']]);
  });
  it('says so in words', () => {
    const lines = ledgerWords(strip, clock([segment('start', START, 5, SPRING)])).map(ledgerText);
    expect(lines[0]).toContain('2月5日（周五） 16:20 开始，当天不算');
    expect(lines[1]).toContain('5 个工作日；2月7日（周日）补班，照算');
    expect(lines[2]).toContain('春节 7 天，周末 1 天');
    expect(lines[3]).toContain('2月18日（周四） 24:00');
    expect(lines[4]).toContain('13 天 = 计入 5 + 不计 8');
  });
  it('has two working days left on the 9th, and is soon due', () => expect(pillOfClock(clock([segment('start', START, 5, SPRING)]), strip, '2021-02-09')).toMatchObject({ look: 'soon', text: expect.stringContaining('剩 2 个工作日') }));
});

describe('fifteen working days, extended by five', () => {
  const first = segment('start', START, 15, SPRING);
  const c = clock([first, segment('extension', `${first.counted.due_on}T00:00:00+08:00`, 5, SPRING)]);
  const strip = makeStrip(c, { today: '2021-03-05' });
  it('ends on 10 March and remembers 3 March', () => {
    expect(strip.due).toBe('2021-03-10');
    expect(at(strip, '2021-03-03')).toMatchObject({ kind: 'counted', ordinal: 15, former: true, due: false });
    expect(at(strip, '2021-03-04')).toMatchObject({ kind: 'extended', ordinal: 1 });
    expect(at(strip, '2021-03-10')).toMatchObject({ kind: 'extended', ordinal: 5, due: true });
  });
  it('adds up: 33 = 20 + 13', () => expect(balance(strip)).toEqual([33, 20, 0, 13]));
  it('has used 17 of 20', () => expect([strip.used, strip.limit]).toEqual([17, 20]));
  it('shows today, the first of a month and the workday above their days', () => {
    expect(at(strip, '2021-03-05').today).toBe(true);
    expect(at(strip, '2021-03-01').monthStart).toBe(true);
    expect(at(strip, '2021-02-20').adjusted).toBe(true);
  });
});

describe('a pause of seven weeks', () => {
  const first = segment('start', '2021-08-30T10:00:00+08:00', 20, []);
  const rest = segment('resumption', '2021-10-29T10:00:00+08:00', 11, []);
  const more = segment('extension', `${rest.counted.due_on}T00:00:00+08:00`, 10, []);
  const pause = { from: '2021-09-10T09:00:00+08:00', to: '2021-10-29T10:00:00+08:00', basis: { kind: 'law' as const, text: '行政许可法第四十五条' } };
  const c = clock([first, rest, more], { pauses: [pause] });
  const strip = makeStrip(c, { today: '2021-11-18' });
  it('counts the day of the pause, not the days up to and with the resumption, and goes on counting after it', () => {
    expect(at(strip, '2021-09-10')).toMatchObject({ kind: 'counted', ordinal: 9 });
    expect(at(strip, '2021-09-11').kind).toBe('paused');
    expect(at(strip, '2021-10-29').kind).toBe('paused');
    expect(at(strip, '2021-11-01')).toMatchObject({ kind: 'counted', ordinal: 10 });
    expect(at(strip, '2021-11-15')).toMatchObject({ kind: 'counted', ordinal: 20, former: true });
    expect(strip.due).toBe('2021-11-29');
  });
  it('adds up: 91 = 30 + 49 + 12', () => expect(balance(strip)).toEqual([91, 30, 49, 12]));
  it('folds the six full weeks of the pause and the two plain weeks, and nothing with a mark', () => {
    expect(strip.rows.filter((r) => r.fold).map((r) => [r.fold!.why, r.fold!.from, r.fold!.to, r.fold!.weeks, r.fold!.first, r.fold!.last])).toEqual([
      ['paused', '2021-09-13', '2021-10-24', 6, undefined, undefined],
      ['counted', '2021-11-01', '2021-11-12', 2, 10, 19],
    ]);
  });
  it('stands still while the pause is open', () => {
    const open = makeStrip(clock([first], { status: 'paused', pauses: [{ ...pause, to: undefined }] }), { today: '2021-10-20' });
    expect(open.days[open.days.length - 1]).toMatchObject({ date: '2021-10-20', kind: 'paused', today: true });
    expect(open.overdue).toBe(0);
    expect(pillOfClock(clock([first], { status: 'paused' }), open, '2021-10-20').look).toBe('paused');
  });
});

describe('a year without a notice', () => {
  const assumed: SpecialDay[] = [{ date: '2027-01-01', off: true, name: '元旦', notice: '' }];
  const c = clock([segment('start', '2026-12-21T09:00:00+08:00', 15, assumed, { provisional: true, edition: '2026' })], { provisional: true });
  const strip = makeStrip(c, { today: '2026-12-24' });
  it('marks the days from 29 December on as assumed', () => {
    expect(at(strip, '2026-12-28').provisional).toBe(false);
    expect(at(strip, '2026-12-29').provisional).toBe(true);
    expect(at(strip, '2027-01-01')).toMatchObject({ kind: 'holiday', provisional: true });
    expect(strip.due).toBe('2027-01-12');
  });
  it('says which notice is missing, and the pill says provisional', () => {
    expect(ledgerWords(strip, c).map(ledgerText).join('\n')).toContain('2027年放假通知还没公布，12月29日以后');
    expect(pillOfClock(c, strip, '2026-12-24')).toMatchObject({ look: 'provisional', text: expect.stringContaining('暂定') });
  });
});

describe('overdue', () => {
  const c = clock([segment('start', '2021-02-07T09:40:00+08:00', 15, SPRING)]);
  const strip = makeStrip(c, { today: '2021-03-09' });
  it('goes on counting working days in red until today', () => {
    expect(strip.due).toBe('2021-03-04');
    expect(strip.days.filter((d) => d.kind === 'overdue').map((d) => [d.date, d.ordinal])).toEqual([['2021-03-05', 1], ['2021-03-08', 2], ['2021-03-09', 3]]);
    expect(pillOfClock(c, strip, '2021-03-09')).toMatchObject({ look: 'late', text: expect.stringContaining('超期 3 个工作日') });
  });
  it('asks the calendar whether the days after the due day are working days', () => {
    const calendar = [{ date: '2021-03-08', working: false, name: '假日', notice: 'x', provisional: false }];
    expect(makeStrip(c, { today: '2021-03-09', calendar }).overdue).toBe(2);
  });
  it('folds the weeks of a case that is long overdue', () => {
    const long = makeStrip(c, { today: '2022-03-09' });
    expect(long.rows.length).toBeLessThan(12);
    expect(long.rows.find((r) => r.fold?.why === 'overdue')!.fold!.first).toBe(2);
  });
  it('stops at a late answer', () => {
    const late = makeStrip({ ...c, status: 'stopped', late: true, stopped_at: '2021-03-08T10:00:00+08:00' }, { today: '2021-04-01' });
    expect(late.overdue).toBe(2);
    expect(late.days[late.days.length - 1].date).toBe('2021-03-08');
  });
});

describe('answered early', () => {
  const c = clock([segment('start', START, 5, SPRING)], { status: 'stopped', claimed_at: '2021-02-10T10:26:00+08:00', stopped_at: '2021-02-10T10:26:00+08:00' });
  const strip = makeStrip(c, { today: '2021-05-01' });
  it('marks the day of the answer, still draws the rest, and counts four days', () => {
    expect(at(strip, '2021-02-10').answered).toBe(true);
    expect(strip.days[strip.days.length - 1].date).toBe('2021-02-18');
    expect(strip.used).toBe(4);
    expect(pillOfClock(c, strip, '2021-05-01')).toMatchObject({ look: 'done', text: expect.stringContaining('2月10日') });
  });
});

describe('other units', () => {
  it('rolls ten calendar days that end on a Saturday to Monday and says so', () => {
    const strip = makeStrip(clock([segment('start', '2021-05-05T09:00:00+08:00', 10, [], {}, 'calendar_days')]), { today: '2021-05-06' });
    expect(strip.due).toBe('2021-05-17');
    expect(at(strip, '2021-05-17')).toMatchObject({ kind: 'rolled', due: true });
    expect(adds(strip)).toBe(true);
  });
  it('folds a year of calendar days into a few rows', () => {
    const strip = makeStrip(clock([segment('start', '2021-05-05T09:00:00+08:00', 365, [], {}, 'calendar_days')]), { today: '2021-05-06' });
    expect(strip.rows.length).toBeLessThan(8);
    expect(adds(strip)).toBe(true);
  });
  it('shows no calendar for thirty minutes and none for a clock without a limit', () => {
    const half = segment('start', START, 1, [], { unit: 'minutes', n: 30, due_at: '2021-02-05T16:50:00+08:00', due_on: '2021-02-05' });
    expect(makeStrip(clock([half]), { today: '2021-02-05' })).toMatchObject({ scale: 'minutes', rows: [], limit: 30 });
    const none = makeStrip(clock([], { due_on: undefined, due_at: undefined }), { today: '2021-02-05' });
    expect(none.scale).toBe('none');
    expect(none.ledger.map((r) => r.key)).toEqual(['start', 'elapsed']);
  });
});

it('adds up for every start day of two years and every length up to 40 working days', () => {
  for (let n = dayNumber('2021-01-01'); n < dayNumber('2022-12-31'); n += 3) {
    const length = 1 + (n % 40);
    const first = segment('start', `${dateOf(n)}T12:00:00+08:00`, length, SPRING);
    const strip = makeStrip(clock([first]), { today: dateOf(n) });
    const [total, counted, , off] = balance(strip) as number[];
    expect(total).toBe(dayNumber(first.counted.due_on) - n);
    expect(counted).toBe(length);
    expect(counted + off).toBe(total);
    const drawn = strip.rows.flatMap((r) => (r.fold ? r.rows : [r])).flatMap((r) => r.cells!).flatMap((c) => c.days);
    expect(drawn.map((d) => d.date)).toEqual(strip.days.map((d) => d.date));
  }
}, 60_000);

describe('one line of a strip', () => {
  const long = makeStrip(clock([segment('start', '2021-01-04T10:00:00+08:00', 45, SPRING)], { late: true }), { today: '2021-03-26' });
  const short = makeStrip(clock([segment('start', START, 5, SPRING)]), { today: '2021-02-09' });
  it('keeps every day once and in order, however narrow', () => {
    for (const room of [0, 10, 15, 20, 25, 30, 60, 100]) expect(lineGroups(long, room).flatMap((g) => g.days)).toEqual(long.days);
  });
  it('shows every day where there is room', () => {
    expect(lineGroups(long, long.days.length).some((g) => g.fold)).toBe(false);
    expect(lineGroups(short, 0).some((g) => g.fold)).toBe(false);
  });
  it('folds no more than it must', () => {
    const cells = [long.days.length, long.days.length - 1, 50, 40, 30].map((room) => cellsOf(lineGroups(long, room)));
    expect(cells).toEqual([...cells].sort((a, b) => b - a));
    expect(cells[1]).toBeLessThan(cells[0]!);
  });
  it('folds a holiday only where weeks are not enough, and never the due day, today or a marked day', () => {
    const tight = lineGroups(long, 20);
    expect(tight.some((g) => g.fold?.why === 'holiday' && g.fold.name === '春节' && g.fold.count === 7)).toBe(true);
    expect(lineGroups(long, long.days.length - 1).some((g) => g.fold?.why === 'holiday')).toBe(false);
    for (const g of tight.filter((one) => one.fold)) expect(g.days.some((d) => d.due || d.today || d.adjusted)).toBe(false);
  });
  it('fits fifteen working days and a week of lateness into twenty cells', () => {
    const late = makeStrip(clock([segment('start', '2021-03-01T10:00:00+08:00', 15, [])], { late: true }), { today: '2021-03-29' });
    expect(cellsOf(lineGroups(late, 20))).toBeLessThanOrEqual(20);
  });
  it('fits fifteen working days from a Monday and two weeks of lateness into twenty-four', () => {
    const late = makeStrip(clock([segment('start', '2021-03-01T10:00:00+08:00', 15, [])], { late: true }), { today: '2021-04-05' });
    const groups = lineGroups(late, 24);
    expect(cellsOf(groups)).toBeLessThanOrEqual(24);
    expect(groups.flatMap((g) => g.days)).toEqual(late.days);
  });
});
