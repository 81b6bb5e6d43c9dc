import { DEFAULTS } from '../base/options/defaults.js';
import { warnOnce } from '../base/errors/warn.js';
import type { openBackend } from './backend.js';
import { toStorePort } from './port.js';
import { StoreTier, type StoreTierOptions } from './store-tier.js';

type Opened = ReturnType<typeof openBackend>;

/** Options of a {@link StoreTier} whose store was opened before this code was loaded. */
export interface NewTierOptions extends Omit<StoreTierOptions, 'backend'> {
  readonly backend: Opened | Promise<Opened>;
  /** Whether the user has set the namespace. */
  readonly hasNamespace: boolean;
}

/** @internal */
export function newStoreTier({ backend, hasNamespace, ...options }: NewTierOptions): StoreTier {
  if (options.isCoordinated && !hasNamespace) warnOfNamespace();
  const complete = (opened: Opened) => ({ ...opened, port: toStorePort(opened.store) });
  return new StoreTier({
    ...options,
    backend: backend instanceof Promise ? backend.then(complete) : complete(backend),
  });
}

function warnOfNamespace(): void {
  warnOnce(
    'AURORA_DEFAULT_NAMESPACE',
    'namespace',
    `A cache on Redis sets no namespace: it uses '${DEFAULTS.namespace}', and shares its ` +
      'entries with every other program that does. Set the option namespace (or AURORA_NAMESPACE).',
  );
}
