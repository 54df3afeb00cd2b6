// The due-date strip: from the clock that the engine explains to days, weeks and a ledger that adds up. Pure: no time of
// its own, no words (ledger.ts says them), so that every picture of a deadline on every surface is the same.
//
// How days are told apart (KERNEL: clocks; calendar/calendar.h: Counted). The day of the start does not count. A later
// segment covers what an earlier one left: a rest after a pause replaces the earlier segment's days after the pause. The
// day of a pause counts, the days after it up to and with the day of the resumption do not. Days after the due day are
// overdue until the clock stops or until today.
import { addDays, dayNumber, dateOf, localDate, weekday } from '../time';
import type { Basis, CalendarDay, Clock, SpecialDay } from '../types';

export type DayKind = 'start' | 'counted' | 'extended' | 'paused' | 'holiday' | 'weekend' | 'rolled' | 'overdue';
export interface StripDay {
  date: string; weekday: number; kind: DayKind;
  /** counted: n-th day of the period; extended: n-th added; overdue: n-th too late. */
  ordinal?: number;
  provisional: boolean; adjusted: boolean; holiday?: string; notice?: string;
  today: boolean; due: boolean; former: boolean; answered: boolean; ahead: boolean; monthStart: boolean;
}
/** Neighbours of one row that are drawn as one tile: a holiday, a weekend, a pause. */
export interface StripCell { from: number; days: StripDay[]; kind: DayKind }
export interface StripFold { why: 'counted' | 'extended' | 'paused' | 'overdue'; from: string; to: string; weeks: number; first?: number; last?: number }
export type StripRow = { fold?: undefined; cells: StripCell[]; monday: string } | { fold: StripFold; rows: { cells: StripCell[]; monday: string }[]; monday: string; cells?: undefined };

export type LedgerKey = 'start' | 'counted' | 'extended' | 'paused' | 'provisional' | 'off' | 'due' | 'overdue' | 'check' | 'elapsed';
export interface LedgerRow {
  key: LedgerKey; basis?: Basis; count?: number; unit?: string; at?: string; date?: string; until?: string;
  /** working days on weekends or holidays that were moved */ adjusted?: string[];
  holidays?: { name: string; days: number; notices: string[]; provisional: boolean }[]; weekend?: number; rolled?: number;
  total?: number; counted?: number; paused?: number; off?: number; provisional?: boolean; open?: boolean;
}
export interface Strip {
  scale: 'days' | 'minutes' | 'none'; days: StripDay[]; rows: StripRow[]; ledger: LedgerRow[];
  due?: string; formerDue: string[]; provisional: boolean; answeredOn?: string; late: boolean; running: boolean; paused: boolean;
  used: number; limit: number; overdue: number; notices: string[];
}
export interface StripContext {
  today: string;
  /** Days of the public calendar: needed for days after the due day; else weekdays are assumed there. */
  calendar?: CalendarDay[];
  /** Whether the clock was stopped by being answered; a cancelled one has no answer. Default: from the clock. */
  fold?: boolean;
}

const isoYear = (edition: string): number => Number(/^\d{4}/.exec(edition)?.[0] ?? NaN);

export function makeStrip(clock: Clock, context: StripContext): Strip {
  const segments = clock.segments;
  const start = localDate(clock.started_at);
  const answeredAt = clock.status === 'cancelled' ? undefined : (clock.claimed_at ?? clock.stopped_at);
  const answeredOn = answeredAt ? localDate(answeredAt) : undefined;
  const running = clock.status === 'running' || clock.status === 'paused';
  const paused = clock.status === 'paused';
  const strip: Strip = {
    scale: 'none', days: [], rows: [], ledger: [], due: clock.due_on, formerDue: formerOf(clock), provisional: !!clock.provisional,
    answeredOn, late: clock.late, running, paused, used: 0, limit: 0, overdue: 0, notices: [],
  };
  if (segments.length === 0 || !clock.due_on) {
    strip.ledger.push({ key: 'start', at: clock.started_at, basis: clock.basis });
    strip.ledger.push({ key: 'elapsed', at: clock.started_at, until: answeredAt, open: running, basis: clock.basis });
    return strip;
  }
  const unit = segments[0].counted.unit;
  if (unit === 'minutes' || unit === 'hours') return minutes(strip, clock);
  strip.scale = 'days';
  strip.limit = segments.filter((s) => s.why !== 'resumption').reduce((sum, s) => sum + s.counted.n, 0);

  const specials = new Map<string, SpecialDay>();
  for (const s of segments) for (const special of s.counted.specials) specials.set(special.date, special);
  const calendar = new Map((context.calendar ?? []).map((day) => [day.date, day]));
  const due = clock.due_on;
  const pauses = clock.pauses.map((p) => ({ from: localDate(p.from), to: p.to ? localDate(p.to) : undefined, basis: p.basis }));
  const inPause = (date: string) => pauses.find((p) => date > p.from && (p.to ? date <= p.to : date <= context.today));
  const stillOverdue = running && !paused ? context.today : answeredOn;
  const overdueEnd = stillOverdue && stillOverdue > due && !paused ? stillOverdue : due;
  const last = paused && context.today > due ? context.today : overdueEnd;

  const edition = Math.max(...segments.map((s) => isoYear(s.counted.edition)).filter((y) => !Number.isNaN(y)), 0);
  const uncovered = edition ? `${edition}-12-29` : undefined;
  const isProvisional = (date: string): boolean =>
    calendar.get(date)?.provisional ?? (strip.provisional && uncovered !== undefined && date >= uncovered);
  const working = (date: string): boolean => {
    const special = specials.get(date);
    if (special) return !special.off;
    return calendar.get(date)?.working ?? weekday(date) < 5;
  };

  let counted = 0, extended = 0, overdue = 0;
  for (let n = dayNumber(start); n <= dayNumber(last); n++) {
    const date = dateOf(n);
    const special = specials.get(date);
    const day: StripDay = {
      date, weekday: weekday(date), kind: 'weekend', provisional: false, adjusted: false, today: date === context.today, due: date === due,
      former: strip.formerDue.includes(date) && date !== due, answered: date === answeredOn, ahead: date > context.today, monthStart: false,
    };
    const isWorking = working(date);
    const holiday = special?.off ? special.name : !isWorking && !special ? calendar.get(date)?.name : undefined;
    // The last segment that reaches the day has the word.
    let segment = -1;
    for (let i = 0; i < segments.length; i++) if (date >= segments[i].counted.first_counted && date <= segments[i].counted.due_on) segment = i;
    const c = segment >= 0 ? segments[segment].counted : undefined;
    if (date === start) day.kind = 'start';
    else if (inPause(date)) day.kind = 'paused';
    else if (date > due) {
      if (isWorking) { day.kind = 'overdue'; day.ordinal = ++overdue; } else if (holiday) day.kind = 'holiday';
    } else if (c && c.unit !== 'working_days' && date <= c.raw_end) {
      const added = extendedBy(clock, segment);
      day.kind = added ? 'extended' : 'counted';
      day.ordinal = added ? ++extended : ++counted;
    } else if (c && c.unit !== 'working_days') day.kind = isWorking && date === due ? 'rolled' : holiday ? 'holiday' : 'weekend';
    else if (isWorking && c) {
      const added = extendedBy(clock, segment);
      day.kind = added ? 'extended' : 'counted';
      day.ordinal = added ? ++extended : ++counted;
    } else if (holiday) day.kind = 'holiday';
    else if (isWorking) day.kind = 'weekend';
    if (day.kind !== 'start' && isWorking && day.weekday > 4) day.adjusted = day.kind !== 'paused' && unit === 'working_days';
    if (holiday && (day.kind === 'holiday' || day.kind === 'paused')) { day.holiday = holiday; day.notice = special?.notice ?? calendar.get(date)?.notice; }
    if (day.kind === 'counted' || day.kind === 'extended' || day.kind === 'holiday' || day.kind === 'rolled') day.provisional = isProvisional(date);
    if (day.adjusted && special?.notice) day.notice = special.notice;
    strip.days.push(day);
  }
  let month = '';
  for (const day of strip.days) { day.monthStart = day.date.slice(0, 7) !== month; month = day.date.slice(0, 7); }
  strip.overdue = overdue;
  const until = answeredOn ?? context.today;
  strip.used = strip.days.filter((d) => (d.kind === 'counted' || d.kind === 'extended') && d.date <= until).length;
  strip.notices = [...new Set(strip.days.map((d) => d.notice).filter((n): n is string => !!n))];
  strip.rows = foldRows(weeksOf(strip.days), context.fold !== false);
  strip.ledger = ledgerOf(strip, clock, pauses);
  return strip;
}

/** Whether a segment's days are added ones: an extension, or the rest of one after a pause. */
function extendedBy(clock: Clock, index: number): boolean {
  for (let i = index; i >= 0; i--) if (clock.segments[i].why !== 'resumption') return clock.segments[i].why === 'extension';
  return false;
}
/** Due days that an extension replaced (those a pause or a new calendar moved are told by their own rows). */
function formerOf(clock: Clock): string[] {
  const former = new Set(clock.former_due);
  clock.segments.forEach((s, i) => { if (s.why === 'extension' && i > 0) former.add(clock.segments[i - 1].counted.due_on); });
  return [...former].sort();
}

function minutes(strip: Strip, clock: Clock): Strip {
  strip.scale = 'minutes';
  strip.limit = clock.segments.reduce((sum, s) => sum + s.counted.n * (s.counted.unit === 'hours' ? 60 : 1), 0);
  strip.ledger.push({ key: 'start', at: clock.started_at, basis: clock.basis });
  for (const s of clock.segments) strip.ledger.push({ key: s.why === 'extension' ? 'extended' : 'counted', count: s.counted.n, unit: s.counted.unit, basis: s.basis });
  for (const p of clock.pauses) strip.ledger.push({ key: 'paused', at: p.from, until: p.to, open: !p.to, basis: p.basis, unit: 'minutes' });
  strip.ledger.push({ key: 'due', at: clock.due_at, unit: 'minutes' });
  return strip;
}

const JOINED: DayKind[] = ['holiday', 'weekend', 'paused'];
function weeksOf(days: StripDay[]): { cells: StripCell[]; monday: string }[] {
  const rows: { cells: StripCell[]; monday: string }[] = [];
  for (const day of days) {
    if (rows.length === 0 || day.weekday === 0) rows.push({ cells: [], monday: addDays(day.date, -day.weekday) });
    const cells = rows[rows.length - 1].cells;
    const before = cells[cells.length - 1];
    const joins = before && JOINED.includes(day.kind) && before.kind === day.kind && before.days[0].holiday === day.holiday &&
      before.days[0].provisional === day.provisional && (day.kind !== 'paused' || (day.weekday < 5) === (before.days[0].weekday < 5) || true);
    if (joins) before.days.push(day);
    else cells.push({ from: day.weekday, days: [day], kind: day.kind });
  }
  return rows;
}

/** A week is plain when it says nothing of its own: full, one kind, weekend bare, no mark on any day. */
function plain(row: { cells: StripCell[] }): StripFold['why'] | undefined {
  const days = row.cells.flatMap((c) => c.days);
  if (days.length < 7 || days.some((d) => d.today || d.due || d.former || d.answered || d.adjusted || d.provisional || d.holiday)) return undefined;
  if (days.every((d) => d.kind === 'paused')) return 'paused';
  const kind = days[0].kind;
  if (kind !== 'counted' && kind !== 'extended' && kind !== 'overdue') return undefined;
  const working = days.slice(0, 5).every((d) => d.kind === kind) && days.slice(5).every((d) => d.kind === 'weekend');
  return working || days.every((d) => d.kind === kind) ? kind : undefined;
}
/** A single plain week as a fold, where there is no room for it. */
export function plainWeek(row: { cells: StripCell[] }): StripFold | undefined {
  const why = plain(row);
  if (!why) return undefined;
  const days = row.cells.flatMap((c) => c.days), numbered = days.filter((d) => d.ordinal !== undefined);
  return { why, from: days[0].date, to: (numbered[numbered.length - 1] ?? days[days.length - 1]).date, weeks: 1, first: numbered[0]?.ordinal, last: numbered[numbered.length - 1]?.ordinal };
}
function foldRows(rows: { cells: StripCell[]; monday: string }[], fold: boolean): StripRow[] {
  if (!fold) return rows;
  const out: StripRow[] = [];
  for (let i = 0; i < rows.length;) {
    const why = plain(rows[i]);
    let end = i + 1;
    if (why) while (end < rows.length && plain(rows[end]) === why) end++;
    if (why && end - i >= 2) {
      const days = rows.slice(i, end).flatMap((r) => r.cells.flatMap((c) => c.days));
      const numbered = days.filter((d) => d.ordinal !== undefined);
      out.push({
        rows: rows.slice(i, end), monday: rows[i].monday,
        fold: { why, from: days[0].date, to: (numbered[numbered.length - 1] ?? days[days.length - 1]).date, weeks: end - i, first: numbered[0]?.ordinal, last: numbered[numbered.length - 1]?.ordinal },
      });
    } else for (let k = i; k < end; k++) out.push(rows[k]);
    i = end;
  }
  return out;
}

function ledgerOf(strip: Strip, clock: Clock, pauses: { from: string; to?: string; basis: Basis }[]): LedgerRow[] {
  const rows: LedgerRow[] = [{ key: 'start', at: clock.started_at, date: localDate(clock.started_at), basis: { kind: 'law', document: '', clause: '', text: '' } }];
  const period = strip.days.filter((d) => d.kind !== 'start' && d.date <= strip.due!);
  const of = (kind: DayKind) => period.filter((d) => d.kind === kind);
  const unit = clock.segments[0].counted.unit;
  const counted = of('counted'), extended = of('extended'), stood = of('paused');
  rows.push({ key: 'counted', count: counted.length, unit, adjusted: counted.filter((d) => d.adjusted).map((d) => d.date), basis: clock.segments[0].basis });
  for (const s of clock.segments.filter((s) => s.why === 'extension')) {
    rows.push({
      key: 'extended', count: s.counted.n, unit: s.counted.unit, date: localDate(s.counted.start), basis: s.basis,
      adjusted: extended.filter((d) => d.adjusted && d.date >= s.counted.first_counted && d.date <= s.counted.due_on).map((d) => d.date),
    });
  }
  for (const p of pauses) {
    const days = strip.days.filter((d) => d.kind === 'paused' && d.date > p.from && (!p.to || d.date <= p.to));
    rows.push({ key: 'paused', count: days.length, date: p.from, until: p.to, open: !p.to, basis: p.basis });
  }
  const provisional = period.filter((d) => d.provisional);
  if (strip.provisional) rows.push({ key: 'provisional', date: provisional[0]?.date });
  const names = new Map<string, { name: string; days: number; notices: Set<string>; provisional: boolean }>();
  for (const day of of('holiday')) {
    const one = names.get(day.holiday ?? '') ?? { name: day.holiday ?? '', days: 0, notices: new Set<string>(), provisional: false };
    one.days++;
    if (day.notice) one.notices.add(day.notice);
    one.provisional ||= day.provisional;
    names.set(day.holiday ?? '', one);
  }
  const holidays = [...names.values()].map((h) => ({ ...h, notices: [...h.notices] }));
  const weekend = of('weekend').length, rolled = of('rolled').length;
  const off = of('holiday').length + weekend + rolled;
  if (off > 0) rows.push({ key: 'off', holidays, weekend, rolled, count: off });
  rows.push({ key: 'due', date: strip.due, at: clock.due_at, provisional: strip.provisional });
  if (strip.overdue > 0) rows.push({ key: 'overdue', count: strip.overdue, date: strip.days.find((d) => d.kind === 'overdue')?.date, open: strip.running });
  if (!strip.paused) rows.push({ key: 'check', total: period.length, counted: counted.length + extended.length, paused: stood.length, off });
  return rows;
}
