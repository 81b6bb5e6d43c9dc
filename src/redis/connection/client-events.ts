// Each event has different arguments.
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- as in ioredis' own types
export type Listener = (...words: any[]) => void;

/** The part of an ioredis client that this file needs. */
interface Source {
  on(event: string, listener: Listener): unknown;
  off(event: string, listener: Listener): unknown;
}

interface Hub {
  readonly listeners: Map<string, Set<Listener>>;
  /** The function that the client calls. */
  readonly callers: Map<string, Listener>;
}

const hubs = new WeakMap<Source, Hub>();

/**
 * Listens to a client with one listener per event, even if several caches share the client: Node warns of a
 * leak from the eleventh listener on.
 *
 * @internal
 */
export function listen(client: Source, event: string, listener: Listener): void {
  let hub = hubs.get(client);
  if (hub === undefined) hubs.set(client, (hub = { listeners: new Map(), callers: new Map() }));
  const known = hub.listeners.get(event);
  if (known !== undefined) {
    known.add(listener);
    return;
  }
  const listeners = new Set([listener]);
  const caller: Listener = (...words: readonly unknown[]) => {
    for (const one of [...listeners]) one(...words);
  };
  hub.listeners.set(event, listeners);
  hub.callers.set(event, caller);
  client.on(event, caller);
}

/**
 * Removes a listener that {@link listen} has added.
 *
 * @internal
 */
export function unlisten(client: Source, event: string, listener: Listener): void {
  const hub = hubs.get(client);
  const listeners = hub?.listeners.get(event);
  if (hub === undefined || listeners === undefined) return;
  listeners.delete(listener);
  if (listeners.size > 0) return;
  const caller = hub.callers.get(event);
  if (caller !== undefined) client.off(event, caller);
  hub.listeners.delete(event);
  hub.callers.delete(event);
}
