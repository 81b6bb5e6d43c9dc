import type { StorePort } from './port.js';
import type { Backend } from './backend.js';
import type { SetOutcome, StoredText } from './coordinator.js';

/** Reads the texts of keys; the keys include their prefix in the store. */
export function readTexts(
  { port, coordinator }: Backend,
  keys: readonly string[],
): Promise<readonly unknown[]> {
  const [only] = keys;
  // A store with a coordinator reads one key like several; others may be faster with `get`.
  if (coordinator !== undefined || keys.length > 1 || only === undefined) {
    return port.getMany(keys);
  }
  return port.get(only).then((value) => [value]);
}

/** Stores texts, with one command if the store supports it. */
export async function writeTexts(
  { port, coordinator }: Backend,
  prefix: string,
  texts: readonly StoredText[],
  leftMs: number,
): Promise<SetOutcome> {
  return coordinator === undefined
    ? await setEach(port, prefix, texts)
    : await coordinator.entries.set(texts, leftMs);
}

/** For stores that have no command for several keys. */
async function setEach(
  port: StorePort,
  prefix: string,
  texts: readonly StoredText[],
): Promise<SetOutcome> {
  const outcomes = await Promise.allSettled(
    texts.map(({ key, text, ttlMs }) => port.set(prefix + key, text, ttlMs)),
  );
  const failedAt = outcomes.findIndex(({ status }) => status === 'rejected');
  if (failedAt < 0) return { stored: texts.length, error: undefined };
  const reason: unknown = (outcomes[failedAt] as PromiseRejectedResult).reason;
  const error = reason instanceof Error ? reason : new Error(String(reason));
  return { stored: failedAt, error };
}
