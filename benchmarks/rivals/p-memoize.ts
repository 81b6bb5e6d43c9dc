import pMemoize from 'p-memoize';

import type { Rival } from './rival.js';

export const rival: Rival = {
  name: 'p-memoize',
  note: 'its Map neither expires nor is bounded',
  inMemory: () => ({
    memoize: <T>(_: string, load: (item: T) => Promise<object>, keyOf: (item: T) => string) =>
      pMemoize(load, { cacheKey: ([item]) => keyOf(item), cache: new Map<string, object>() }),
  }),
};
