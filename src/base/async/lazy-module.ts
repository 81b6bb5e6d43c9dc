import { inSharedContext } from './shared-context.js';

/**
 * A module that is loaded on first use, so that programs that do not use it never load it.
 *
 * @param load - Calls `import()`.
 * @returns A function that resolves to `undefined` when the module cannot be loaded, because a file of
 * the package, or of a bundle, is missing.
 * @internal
 */
export function lazyModule<M>(load: () => Promise<M>): () => Promise<M | undefined> {
  let loaded: M | undefined;
  return async () => {
    try {
      // The import would keep the async context of the request that came first.
      return (loaded ??= await inSharedContext(load));
    } catch {
      return undefined;
    }
  };
}
