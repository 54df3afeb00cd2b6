// What changed, as it happens: server-sent events, and asking every 15 seconds where they do not get through.
import { onScopeDispose, ref } from 'vue';
import { apiRoot } from './api';

export interface Live { connected: ReturnType<typeof ref<boolean>>; stop: () => void }

/** `tell` is called on each change (`data` is the event's JSON, or undefined after a poll: read again). */
export function live(tell: (data?: unknown) => void, options: { path?: string; every?: number; stream?: boolean } = {}): Live {
  const connected = ref<boolean>(false);
  const every = options.every ?? 15_000;
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setInterval> | undefined;
  const hidden = () => document.visibilityState === 'hidden';
  const pollNow = () => { if (!hidden()) tell(); };
  const poll = () => { timer ??= setInterval(pollNow, every); };
  const hush = () => { clearInterval(timer); timer = undefined; };
  if (options.stream !== false && typeof EventSource !== 'undefined') {
    source = new EventSource(new URL(options.path ?? 'events', apiRoot()), { withCredentials: true });
    source.onopen = () => { connected.value = true; hush(); };
    source.onerror = () => { connected.value = false; poll(); };
    const heard = (event: MessageEvent) => { try { tell(JSON.parse(event.data)); } catch { tell(); } };
    source.onmessage = heard;
    for (const name of ['changed', 'reset']) source.addEventListener(name, heard as EventListener);
  } else poll();
  const shown = () => { if (!hidden() && timer) tell(); };
  document.addEventListener('visibilitychange', shown);
  const stop = () => { source?.close(); hush(); document.removeEventListener('visibilitychange', shown); };
  onScopeDispose(stop, true);
  return { connected, stop };
}
