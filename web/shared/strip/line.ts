// The strip in one line: neighbours that belong together, and what becomes one wide cell where the line has not room for
// every day. A line never begins outside its box as long as folding can prevent it. Pure.
import { plainWeek, type Strip, type StripDay, type StripFold } from './model';

interface Off<Why> { why: Why; from: string; to: string; name: string; count: number }
export type LineFold = StripFold | Off<'weekend'> | Off<'holiday'>;
export interface LineGroup { days: StripDay[]; kind: string; holiday?: string; joined: boolean; fold?: LineFold }

/** How many cells a folded part takes. */
const FOLDED = 5, OFF = 4;
export const cellsOf = (groups: LineGroup[]): number => groups.reduce((n, g) => n + (g.fold ? (g.fold.why === 'weekend' ? 1 : g.fold.why === 'holiday' ? OFF : FOLDED) : g.days.length), 0);

/** As many days as fit into `room` cells; 0 where the room is not known yet. */
export function lineGroups(strip: Strip, room: number): LineGroup[] {
  const fits = room || 28;
  let groups: LineGroup[] = [];
  for (let folding = 0; folding <= 4; folding++) {
    groups = grouped(strip, folding);
    if (cellsOf(groups) <= fits) break;
  }
  return groups;
}

// 0: every day; 1: runs of plain weeks are one cell; 2: each plain week is; 3: a weekend is; 4: a long holiday is.
function grouped(strip: Strip, folding: number): LineGroup[] {
  const folds = new Map<StripDay, LineFold>();
  const take = (days: StripDay[], fold: LineFold) => { for (const d of days) folds.set(d, fold); };
  if (folding >= 1) for (const row of strip.rows) {
    if (row.fold) { take(row.rows.flatMap((w) => w.cells.flatMap((c) => c.days)), row.fold); continue; }
    const fold = folding >= 2 && row.cells ? plainWeek(row) : undefined;
    if (fold) take(row.cells!.flatMap((c) => c.days), fold);
  }
  const groups: LineGroup[] = [];
  for (const d of strip.days) {
    const fold = folds.get(d), last = groups[groups.length - 1];
    if (fold) {
      if (last && last.fold === fold) last.days.push(d); else groups.push({ days: [d], kind: fold.why, joined: false, fold });
      continue;
    }
    const joined = d.kind === 'holiday' || d.kind === 'paused';
    if (last && !last.fold && last.kind === d.kind && last.holiday === d.holiday && (joined || !d.due)) last.days.push(d);
    else groups.push({ days: [d], kind: d.kind, holiday: d.holiday, joined });
  }
  for (const g of groups) {
    if (g.fold || g.days.length < 2 || g.days.some((d) => d.today || d.due || d.former || d.answered || d.monthStart)) continue;
    const why = folding >= 3 && g.kind === 'weekend' ? 'weekend' : folding >= 4 && g.kind === 'holiday' && g.days.length > OFF ? 'holiday' : undefined;
    if (why) g.fold = { why, from: g.days[0].date, to: g.days[g.days.length - 1].date, name: g.holiday ?? '', count: g.days.length };
  }
  return groups;
}
