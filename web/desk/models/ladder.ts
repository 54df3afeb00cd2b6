// The hand-over ladder: who held the case, for how long, at which level, and what was returned with what reason.
// Fed by what the API says about every case (acts and assignments); knows no pack.
import type { Act, Assignment, Case } from './types'

export interface Rung {
  unit: string
  level: number // 0 = where it was opened; 1 = first assignment; deeper below
  from: string
  to?: string // absent: holds it now
  minutes: number
  returned: boolean // left by a return upwards
  reason: string // why it was returned
  clause: string
  clause_document: string
}
export interface Ladder {
  levels: string[]
  rungs: Rung[]
  returns: number
}

function reason_of(act: Act | undefined): string {
  if (!act) return ''
  for (const value of Object.values(act.form)) if (typeof value === 'string' && value.length > 1) return value
  return ''
}

const minutes_between = (from: string, to: string) => Math.max(0, Math.round((Date.parse(to) - Date.parse(from)) / 60000))

export function make_ladder(
  c: Pick<Case, 'acts' | 'assigned' | 'opened_at' | 'closed_at' | 'state'>,
  now: string,
  words: { start: string },
): Ladder {
  const opening_unit =
    c.acts.map((a) => a.by.unit?.name).find((name, i) => name && c.acts[i]!.action !== undefined && !before_first(c, c.acts[i]!)) ??
    c.acts.find((a) => a.by.unit && a.at <= (c.assigned[0]?.at ?? now))?.by.unit?.name ??
    words.start
  const depth = new Map<number, number>()
  const by_no = new Map(c.assigned.map((a) => [a.no, a]))
  const level_of = (a: Assignment): number => {
    const known = depth.get(a.no)
    if (known !== undefined) return known
    const parent = a.under ? by_no.get(a.under) : undefined
    const level = parent && parent.no < a.no ? level_of(parent) + 1 : 1
    depth.set(a.no, level)
    return level
  }
  // Of several assignments made at one moment the first is the one that holds; the others help.
  const main = c.assigned.filter((a, i) => !c.assigned.some((b, j) => j < i && b.at === a.at && level_of(b) === level_of(a)))
  const titles = new Map<number, string>()
  for (const a of main) if (!titles.has(level_of(a))) titles.set(level_of(a), a.title)

  type Step = { at: string; assigned?: Assignment; ended?: Assignment }
  const steps: Step[] = []
  for (const a of main) {
    steps.push({ at: a.at, assigned: a })
    if (a.ended_at) steps.push({ at: a.ended_at, ended: a })
  }
  steps.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : (a.assigned?.no ?? 1e9) - (b.assigned?.no ?? 1e9)))

  const name_of = (a: Assignment) => a.unit?.name ?? a.person ?? a.title
  const rungs: Rung[] = []
  const open_rung = (unit: string, level: number, from: string) =>
    rungs.push({ unit, level, from, minutes: 0, returned: false, reason: '', clause: '', clause_document: '' })
  open_rung(opening_unit, 0, c.opened_at)
  const close_rung = (at: string) => {
    const last = rungs[rungs.length - 1]!
    last.to = at
    last.minutes = minutes_between(last.from, at)
  }
  let returns = 0
  const stack: Assignment[] = []
  for (const step of steps) {
    if (step.assigned) {
      close_rung(step.at)
      stack.push(step.assigned)
      open_rung(name_of(step.assigned), level_of(step.assigned), step.at)
    } else if (step.ended) {
      const at = stack.indexOf(step.ended)
      if (at < 0) continue
      const was_top = at === stack.length - 1
      stack.splice(at, 1)
      if (!was_top) continue
      if (c.closed_at && step.at >= c.closed_at) continue
      const next = stack[stack.length - 1]
      const act = c.acts.find((a) => a.at === step.at)
      close_rung(step.at)
      const last = rungs[rungs.length - 1]!
      last.returned = true
      last.reason = reason_of(act)
      last.clause = act?.basis.clause ?? ''
      last.clause_document = act?.basis.document ?? ''
      returns++
      open_rung(next ? name_of(next) : opening_unit, next ? level_of(next) : 0, step.at)
    }
  }
  const last = rungs[rungs.length - 1]!
  const end = c.closed_at ?? now
  last.minutes = minutes_between(last.from, end)
  if (c.closed_at) last.to = c.closed_at

  const deepest = Math.max(...rungs.map((r) => r.level))
  const levels: string[] = []
  for (let level = 0; level <= deepest; level++) levels.push(level === 0 ? words.start : (titles.get(level) ?? ''))
  return { levels, rungs, returns }
}

function before_first(c: Pick<Case, 'assigned'>, act: Act): boolean {
  const first = c.assigned[0]?.at
  return first !== undefined && act.at > first
}
