import { MemoizeExpiring } from 'typescript-memoize';

import { TTL_SECONDS, type Rival } from './rival.js';

/** A decorator for `experimentalDecorators`, applied by hand. It keeps the promise, a rejected one too. */
export const rival: Rival = {
  name: 'typescript-memoize',
  note: 'unbounded; keeps rejected promises',
  hasTtl: true,
  inMemory: () => ({
    memoize: <T>(_: string, load: (item: T) => Promise<object>, keyOf: (item: T) => string) => {
      const descriptor: TypedPropertyDescriptor<(item: T) => Promise<object>> = { value: load };
      const decorate = MemoizeExpiring(TTL_SECONDS * 1000, keyOf);
      decorate({}, 'find', descriptor);
      class Service {}
      Object.defineProperty(Service.prototype, 'find', descriptor);
      const service = new Service() as { find(item: T): Promise<object> };
      return (item: T) => service.find(item);
    },
  }),
};
