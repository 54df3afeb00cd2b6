// Keys of the desk. A page registers a scope with bindings; the newest scope wins, the frame's scope lies below.
// Bare letters act only while no text field has the focus; combinations with Alt or Ctrl and F-keys act everywhere.
// The person can switch bare letters off (people who use speech input hit them by accident).
import { reactive } from 'vue'

export interface Binding {
  keys: string // "j", "alt+1", "ctrl+enter", "f2", "g i" (a sequence), "?" …
  label: string
  run: (event: KeyboardEvent) => void
  hidden?: boolean // works, but not in the status bar
}
export interface Scope {
  name: string
  bindings: () => Binding[]
}

export const keyboard = reactive({ letters: true, scopes: [] as Scope[] })

// "ctrl+enter", "alt+1", "j", "?", "f2": one spelling for what a keyboard event says.
export function spell(event: Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>): string {
  let key = event.key.toLowerCase()
  // Alt changes what a key types on some layouts: take the key itself.
  if (event.altKey && /^(Digit|Key)/.test(event.code)) key = event.code.replace(/^(Digit|Key)/, '').toLowerCase()
  if (key === ' ') key = 'space'
  const named = key.length > 1
  return (
    (event.ctrlKey || event.metaKey ? 'ctrl+' : '') +
    (event.altKey ? 'alt+' : '') +
    (event.shiftKey && (named || /^[a-z]$/.test(key)) ? 'shift+' : '') +
    key
  )
}

export function is_bare(spelled: string): boolean {
  return !/^(ctrl\+|alt\+|f\d+$|escape$)/.test(spelled)
}

export function is_text_field(element: Element | null): boolean {
  if (!element) return false
  if ((element as HTMLElement).isContentEditable) return true
  const name = element.tagName
  if (name === 'TEXTAREA' || name === 'SELECT') return true
  if (name !== 'INPUT') return element.getAttribute('role') === 'combobox'
  return !['checkbox', 'radio', 'button', 'submit', 'reset', 'file', 'range', 'color'].includes((element as HTMLInputElement).type)
}

// Where a sequence ("g i") stands: what was pressed before, and when.
export interface Pending {
  first: string
  at: number
}

export interface Choice {
  binding?: Binding
  pending?: Pending
}

// Which binding a key press means. Pure: no document, no clock of its own.
export function choose(scopes: Scope[], spelled: string, typing: boolean, letters: boolean, pending: Pending | undefined, now: number): Choice {
  if (is_bare(spelled) && (typing || !letters)) return {}
  const whole = pending && now - pending.at < 1500 ? `${pending.first} ${spelled}` : ''
  let begins = false
  for (let i = scopes.length - 1; i >= 0; i--) {
    for (const binding of scopes[i]!.bindings()) {
      if (whole && binding.keys === whole) return { binding }
      if (binding.keys.startsWith(spelled + ' ')) begins = true
    }
  }
  for (let i = scopes.length - 1; i >= 0; i--) {
    const binding = scopes[i]!.bindings().find((b) => b.keys === spelled)
    if (binding) return { binding }
  }
  return begins ? { pending: { first: spelled, at: now } } : {}
}

let pending: Pending | undefined
function on_key(event: KeyboardEvent) {
  if (event.isComposing || event.defaultPrevented) return
  if (['Control', 'Shift', 'Alt', 'Meta'].includes(event.key)) return
  const spelled = spell(event)
  // Space and Enter belong to the control that has the focus.
  const target = event.target as Element | null
  if ((spelled === 'enter' || spelled === 'space') && target?.closest('a,button,summary,[role=option],[role=button]')) return
  const modal = document.querySelector('[aria-modal="true"]')
  const scopes = modal ? keyboard.scopes.filter((s) => s.name.startsWith('modal')) : keyboard.scopes
  const choice = choose(scopes, spelled, is_text_field(target), keyboard.letters, pending, Date.now())
  pending = choice.pending
  if (choice.binding) {
    event.preventDefault()
    choice.binding.run(event)
  } else if (choice.pending) {
    event.preventDefault()
  }
}

export function start_keyboard() {
  keyboard.letters = localStorage.getItem('desk.letters') !== 'off'
  document.addEventListener('keydown', on_key)
}
export function switch_letters(on: boolean) {
  keyboard.letters = on
  localStorage.setItem('desk.letters', on ? 'on' : 'off')
}
export function push_scope(scope: Scope): () => void {
  keyboard.scopes.push(scope)
  return () => {
    const at = keyboard.scopes.findIndex((s) => s.bindings === scope.bindings)
    if (at >= 0) keyboard.scopes.splice(at, 1)
  }
}

// How a key is written on a keycap.
export function cap(keys: string): string {
  return keys
    .split(' ')
    .map((k) =>
      k
        .split('+')
        .map((p) => (p === 'escape' ? 'Esc' : p.length === 1 ? p.toUpperCase() : p.charAt(0).toUpperCase() + p.slice(1)))
        .join(' '),
    )
    .join(' ')
}
