import { inSharedContext } from '../../base/async/shared-context.js';
import type * as Warming from './warm.js';

/**
 * Loads the code of {@link Warming.warmAll} and runs it. An array is read as it is at the call.
 *
 * @internal
 */
export const warmAll: typeof Warming.warmAll = async (items, ...rest) => {
  const known = Array.isArray(items) ? items.slice() : items;
  const warming = await inSharedContext(() => import('./warm.js'));
  return await warming.warmAll(known, ...rest);
};
