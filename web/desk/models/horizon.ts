// The due horizon above a list: one square per case on the day it is due; what is overdue stands in front, and days off
// that hang together and last longer than a weekend are one block with the holiday's name.
import type { Counts } from './types'

export interface HorizonDay {
  kind: 'late' | 'day' | 'holiday' | 'later'
  from: string // ISO dates; for one day from = to
  to: string
  count: number
  label: string
  today: boolean
  soon: boolean
  days: number
}

const day_of = (iso: string) => Number(iso.slice(8, 10))
const month_of = (iso: string) => Number(iso.slice(5, 7))

export function make_horizon(
  horizon: Counts['horizon'],
  today: string,
  words: { late: string; today: string; holiday: (name: string, from: string, to: string) => string },
): HorizonDay[] {
  const out: HorizonDay[] = []
  const late = horizon.filter((h) => h.late).reduce((sum, h) => sum + h.count, 0)
  out.push({ kind: 'late', from: '', to: today, count: late, label: words.late, today: false, soon: false, days: 1 })
  const days = horizon.filter((h) => !h.late && h.date >= today).sort((a, b) => (a.date < b.date ? -1 : 1))
  let working_seen = 0
  let last_month = month_of(today)
  for (let i = 0; i < days.length; i++) {
    const h = days[i]!
    if (!h.working && h.count === 0) {
      let j = i
      let name = ''
      while (j < days.length && !days[j]!.working && days[j]!.count === 0) {
        name = name || (days[j]!.holiday ?? '')
        j++
      }
      // A bare weekend is left out; a holiday is drawn as one block.
      if (name) {
        const to = days[j - 1]!.date
        out.push({ kind: 'holiday', from: h.date, to, count: 0, label: words.holiday(name, h.date, to), today: false, soon: false, days: j - i })
      }
      i = j - 1
      continue
    }
    const is_today = h.date === today
    if (h.working && !is_today) working_seen++
    const month = month_of(h.date)
    const label = is_today ? words.today : month !== last_month ? `${month}/${day_of(h.date)}` : String(day_of(h.date))
    last_month = month
    out.push({ kind: 'day', from: h.date, to: h.date, count: h.count, label, today: is_today, soon: working_seen > 0 && working_seen <= 2, days: 1 })
  }
  return out
}

// At most `most` squares are drawn; the rest is told in words.
export const shown_squares = (count: number, most = 6) => Math.min(count, most)
