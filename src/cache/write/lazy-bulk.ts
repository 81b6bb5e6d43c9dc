import { lazyModule } from '../../base/lazy-module.js';
import type * as Bulk from './bulk-chunks.js';

/**
 * Loads the code that sends bulk calls to a shared tier. Where it cannot be loaded, that of the tier
 * cannot be either, and `store/open-tier.ts` reports it.
 *
 * @internal
 */
export const loadBulk = lazyModule<typeof Bulk>(() => import('./bulk-chunks.js'));
