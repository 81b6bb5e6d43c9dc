import { lazyModule } from '../../base/lazy-module.js';
import type * as Bulk from './bulk-chunks.js';

/**
 * Loads the code that sends bulk calls to a shared tier. It is in the same chunk as the tier's code: if
 * one is missing, so is the other, and `store/open-tier.ts` reports that.
 *
 * @internal
 */
export const loadBulk = lazyModule<typeof Bulk>(() => import('./bulk-chunks.js'));
