import { lazyModule } from '../../base/async/lazy-module.js';
import type * as Code from '../shared-code.js';

/**
 * Loads the code of leases and bulk commands, which only a shared tier needs. It is in the same chunk as
 * the tier's code: if one is missing, so is the other, and `store/open-tier.ts` reports that.
 *
 * @internal
 */
export const loadSharedCode = lazyModule<typeof Code>(() => import('../shared-code.js'));
