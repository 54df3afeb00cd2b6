// What the desk reads of the API beyond the shared part.
import type { ActionForm, CaseType, FormField, Named, Titled } from '@shared/types';
export type * from '@shared/types';

export interface Counts {
  total: number; late: number; today: number; within_two: number; paused: number; to_decide: number;
  states: { state: string; title: string; title_en?: string; count: number }[];
  horizon: { date: string; count: number; late: boolean; working: boolean; holiday?: string }[];
  groups?: { value: string; title: string; count: number; late: number }[];
}
/** A way to answer a call in one go: the opening itself or an action right after it, with values it presets. */
export interface Way { id: string; title: string; title_en?: string; help?: string; help_en?: string; action: string; before?: string[]; with?: Record<string, unknown> }
export type DeskType = CaseType & { ways?: Way[] };
export type DeskAction = ActionForm & { fields: FormField[] };
export interface Post { position: string; unit: string; unit_name: string; as_deputy: boolean }
export interface Session { account: string; administrator: boolean; expires_at: string; csrf: string; person?: Named; posts?: Post[] }
export interface Account { name: string; person: string; person_name: string; administrator: boolean }
export interface Reader { at: string; who: string; unit: string; purpose: string; what: string }
export interface Present { name: string; unit: string; since: string; editing: boolean }
export interface Edition { notice: string; title: string; published: string; year: number; url?: string }
export interface Column { id: string; kind: string; list: boolean; title: string; title_en: string; register?: string; options?: Titled[] }
export interface FullEntry { id: string; name: string; revision: number; valid_from?: string; valid_to?: string; values?: Record<string, unknown> }
export interface DemoMessage { at: string; to: string; text: string }
export type { Titled };
