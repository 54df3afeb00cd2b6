// The answers of the API that pages read (docs: /openapi.json). Members marked optional may be missing on an older
// server: pages then leave the part out.
export interface Titled { id: string; title: string; title_en?: string }
export interface Named { id: string; name: string }
export interface Basis { kind: 'clause' | 'law' | 'reading' | 'parameter' | 'product'; document?: string; clause?: string; reading?: number; text: string }
export interface Problem {
  type?: string; title: string; status: number; detail: string; code: string; request?: string; instead?: string; basis?: Basis;
  fields?: { field: string; sentence: string }[];
  conditions?: { id: string; sentence: string; instead: string; basis: Basis }[];
  current_version?: number;
}
export interface SpecialDay { date: string; off: boolean; name: string; notice: string }
export type CountUnit = 'minutes' | 'hours' | 'working_days' | 'calendar_days' | 'months';
export interface Counted {
  start: string; unit: CountUnit; n: number; kind: string; first_counted: string; raw_end: string; due_on: string; due_at: string;
  provisional: boolean; edition: string; specials: SpecialDay[];
}
export interface ClockSegment { why: 'start' | 'extension' | 'resumption'; counted: Counted; basis: Basis; event: number; sentence: string }
export interface Clock {
  no: number; name: string; title: string; title_en?: string; force: string; basis: Basis; started_at: string; started_by_event: number;
  status: 'running' | 'paused' | 'claimed' | 'stopped' | 'cancelled'; late: boolean; owner: string;
  due_on?: string; due_at?: string; provisional?: boolean; claimed_at?: string; stopped_at?: string;
  segments: ClockSegment[]; pauses: { from: string; to?: string; basis: Basis }[]; former_due: string[]; sentence: string;
  remaining?: number; remaining_minutes?: number; limit_text?: string; type?: 'deadline' | 'window' | 'not_before' | 'elapsed';
}
export interface CalendarDay { date: string; working: boolean; name?: string; notice?: string; provisional: boolean }
export interface Actor { role: string; title: string; title_en?: string; unit?: Named; person?: string }
export interface Act {
  action: string; title: string; title_en?: string; outcome: string; by: Actor; at: string; recorded_at: string; from: string; to: string; version: number;
  basis: Basis; form: Record<string, unknown>; flags: Titled[]; counted?: DaysCounted[];
}
export interface Assignment { no: number; name: string; title: string; under: number; at: string; active: boolean; unit?: Named; person?: string; ended_at?: string }
/** Working days that a formula of the pack counted. `of` and `title` name what for. */
export interface DaysCounted { of?: string; title?: string; function: string; sentence: string; provisional: boolean; counted: Counted }
export interface Holder { role: string; title: string; title_en?: string; units: Named[] }
export interface Letter { letter: string; title: string; channel: string; at: string; text: string; basis: Basis; to: { role: string; title?: string; unit?: string }; counted?: DaysCounted[] }
export interface DocumentInfo { id: string; name: string | null; media_type: string; bytes: number; at: string; by: Actor }
export interface Offer { action: string; title: string; title_en?: string; offered: boolean; basis: Basis; why_not?: string }
export interface Decision {
  decision: string; title: string; mode?: string; suggestion: unknown; choice?: unknown; reason?: string; decided_by: number; complete: boolean;
  matched: number[]; inputs: Record<string, unknown>; missing: string[]; bases: Basis[]; event?: number; sentence?: string; counted?: DaysCounted[];
}
export interface Step extends Titled { state: 'done' | 'now' | 'ahead'; at?: string }
export interface Case {
  id: string; number: string; pack: string; type: Titled; state: Titled & { open: boolean }; version: number;
  opened_at: string; changed_at: string; closed_at?: string; result?: string; imported: boolean; held_by: Holder[];
  fields: Record<string, unknown>; withheld: { group: string; title: string; why: string }[]; assigned: Assignment[]; clocks: Clock[]; acts: Act[];
  letters: Letter[]; documents: DocumentInfo[]; links: { kind: string; title?: string; title_en?: string; inverse: boolean; other: string; number: string; type: string; ended?: boolean }[];
  flags: Titled[]; decisions: Decision[]; actions: Offer[]; story?: string;
  title?: string; steps?: Step[]; undo?: { action: string; until: string };
  /** The case that this one goes along with: its progress is what the person waits for. */
  leading?: { id?: string; number?: string; state: Titled; steps: Step[]; clocks: Clock[]; held_by: Holder[] };
}
export interface CaseRow {
  id: string; number: string; type: string; type_title?: string; state: string; state_title?: string; state_title_en?: string; open: boolean;
  opened_at: string; changed_at: string; closed_at?: string; late: boolean; held_by: string; version: number; due_at?: string; due_clock?: string;
  due_provisional?: boolean; fields: Record<string, unknown>; labels?: Record<string, string>;
  title?: string; due?: { clock: string; title: string; at: string; provisional: boolean; remaining: number; remaining_minutes?: number; late: boolean };
  holder_name?: string; flags?: Titled[]; paused?: boolean;
  /** For the person herself: what it is about, her clock for the strip, and the act that waits for her. */
  kind_title?: string; kind_title_en?: string; clock_now?: Clock; awaits?: Titled;
}
export type FieldKind = 'text' | 'long_text' | 'number' | 'yes_no' | 'date' | 'instant' | 'limit' | 'phone' | 'one_of' | 'entry' | 'file' | 'case';
export type ShowIf = { field: string; equals: unknown } | { field: string; in: unknown[] } | { formula: string };
export interface FormField {
  id: string; kind: FieldKind; list: boolean; title: string; title_en: string; help: string; help_en: string; must: boolean; personal: boolean; staff?: boolean;
  case_field?: boolean; group: string; max_length?: number; min?: string; max?: string; options?: Titled[]; register?: string; suggest?: string;
  show_if?: ShowIf; pattern?: string; units?: string[]; says?: { missing?: string; missing_en?: string; format?: string; format_en?: string }; basis?: Basis;
}
export interface ActionForm {
  id: string; title: string; title_en?: string; help?: string; help_en?: string; basis?: Basis; form: JsonSchema; fields?: FormField[];
  from?: string[]; by?: string[]; primary?: boolean; irreversible?: boolean; key?: string; happened?: string;
  letters?: { letter: string; title: string; to: string; to_title: string; outcome: string }[];
}
export interface JsonSchema { title?: string; properties?: Record<string, Record<string, unknown>>; required?: string[] }
export interface CaseType {
  id: string; title: string; title_en: string; help?: string; help_en?: string; pack: string; document: string; title_field?: string;
  steps?: (Titled & { help?: string; help_en?: string })[]; groups: Titled[]; roles?: Titled[]; clocks?: (Titled & { force: string; basis: Basis })[]; flags?: Titled[];
  states: (Titled & { public_title: string; public_title_en?: string; final: boolean; step?: string })[];
  fields?: FormField[]; open: ActionForm; actions: ActionForm[];
}
export interface Clause { id: string; document: string; title: string; gist: string; text: string; left: string }
export interface PackInfo { id: string; title: string; title_en?: string; document: string; issuer: string; edition: string; types: (Titled & { help?: string; help_en?: string; public: boolean })[] }
export interface Site {
  name: string; name_en: string; short?: string; short_en?: string; phone: string; organiser: string; organiser_en: string; demo: boolean;
  document?: { pack: string; clause?: string; text: string };
  emergency: { number: string; title: string; title_en: string }[];
  /** The register that the home page searches, and entries of it that many ask for. */
  search?: { register: string; title: string; title_en: string }; popular?: { register: string; entry: string; title: string; title_en: string; source?: string; date?: string }[];
  entries: { pack: string; type: string; title: string; title_en: string; help: string; help_en: string }[];
}
export interface RegisterEntry { id: string; name: string; revision: number; values?: Record<string, unknown> }
export interface Similar { state_title?: string; state_title_en?: string; kind_title?: string; kind_title_en?: string; place?: string; opened_at?: string; opened_on?: string; distance?: number; number?: string; id?: string; title?: string; handle?: string; holder_name?: string; due_on?: string; followers?: number; photo?: string }
/** A value that the words of a person suggest for a field. */
export interface Hint { field: string; value: string; title?: string; title_en?: string; words?: string[]; sentence?: string; sentence_en?: string }
export interface Preview { state: Titled; clocks: Clock[]; letters: { letter: string; title: string; channel: string; to: unknown; text: string; counted?: DaysCounted[] }[]; holders: Holder[]; decisions: Decision[] }
