import type { openBackend } from './backend.js';
import { toStorePort } from './port.js';
import { StoreTier, type StoreTierOptions } from './store-tier.js';

type Opened = ReturnType<typeof openBackend>;

/** Options of a {@link StoreTier} whose store has been opened without its code. */
export interface NewTierOptions extends Omit<StoreTierOptions, 'backend'> {
  readonly backend: Opened | Promise<Opened>;
}

/** @internal */
export function newStoreTier({ backend, ...options }: NewTierOptions): StoreTier {
  const complete = (opened: Opened) => ({ ...opened, port: toStorePort(opened.store) });
  return new StoreTier({
    ...options,
    backend: backend instanceof Promise ? backend.then(complete) : complete(backend),
  });
}
