import { Cached, cacheControl, CacheEvict, getCachedMethods, Memoized, Timed } from 'aurora-cache';
import { newCache, warnings } from '../../decorator-modes/support.js';

describe('what only Stage-3 has', () => {
  it('#private methods are cached; one name twice in a hierarchy does not collide', async () => {
    const { cache } = newCache();
    const log: string[] = [];
    class Base {
      @Cached({ cache, keyPrefix: 'private' })
      async #load(id: number) {
        log.push(`base ${String(id)}`);
        return `base ${String(id)}`;
      }
      @Cached({ cache })
      async #byClass(id: number) {
        return `base ${String(id)}`;
      }
      async base(id: number) {
        return [await this.#load(id), await this.#byClass(id)];
      }
    }
    class Derived extends Base {
      @Cached({ cache, keyPrefix: 'private' })
      async #load(id: number) {
        log.push(`derived ${String(id)}`);
        return `derived ${String(id)}`;
      }
      @Cached({ cache })
      async #byClass(id: number) {
        return `derived ${String(id)}`;
      }
      async derived(id: number) {
        return [await this.#load(id), await this.#byClass(id)];
      }
    }
    const derived = new Derived();
    for (let round = 0; round < 3; round++) {
      expect(await derived.base(1)).toEqual(['base 1', 'base 1']);
      expect(await derived.derived(1)).toEqual(['derived 1', 'derived 1']);
    }
    expect(log).toEqual(['base 1', 'derived 1']);
    const keys = ['private:1:#load', 'private:1:#load.1'];
    expect([...(await cache.getMany([...keys, 'Derived:1:#byClass'])).keys()]).toHaveLength(3);
  });

  it('nor do they collide in classes of one name', async () => {
    const { cache } = newCache();
    const make = (base: new () => object, text: string) => {
      class Same extends base {
        @Memoized({ cache, keyPrefix: 'same' })
        #load() {
          return text;
        }
        [text]() {
          return this.#load();
        }
      }
      return Same as unknown as new () => Record<string, () => string>;
    };
    const instance = new (make(make(Object, 'inner'), 'outer'))();
    for (let round = 0; round < 2; round++) {
      expect(instance['inner']?.()).toBe('inner');
      expect(instance['outer']?.()).toBe('outer');
    }
  });

  it('#private methods may be static, timed, and evict; they cannot be seen from outside', async () => {
    const { cache } = newCache();
    class Hidden {
      @Cached({ cache })
      async get() {
        return [1];
      }
      @Timed({ name: 'hidden' })
      @CacheEvict({ cache, methods: ['get'] })
      async #evict() {}
      @Memoized({ cache })
      static #make() {
        return {};
      }
      static make() {
        return Hidden.#make();
      }
      async run() {
        await this.#evict();
      }
    }
    expect(Hidden.make()).toBe(Hidden.make());
    const hidden = new Hidden();
    const before = await hidden.get();
    await hidden.run();
    expect(await hidden.get()).not.toBe(before);
    expect(getCachedMethods(Hidden).map(({ method }) => method)).toEqual(['get']);
  });

  it('key, scope and condition have this, typed as the class', async () => {
    const { cache } = newCache();
    let calls = 0;
    class Typed {
      constructor(readonly tenant: string) {}
      @Cached({
        cache,
        key(this: Typed, id: number) {
          return `${this.tenant}:${String(id)}`;
        },
        condition(this: Typed) {
          return this.tenant !== 'none';
        },
      })
      async get(_id: number) {
        return ++calls;
      }
      @Cached({ cache, scope: (typed: Typed) => typed.#secret() })
      async scoped(_id: number) {
        return ++calls;
      }
      #secret() {
        return `#${this.tenant}`;
      }
    }
    const [a, b, none] = [new Typed('a'), new Typed('b'), new Typed('none')];
    expect([await a.get(1), await b.get(1), await a.get(1)]).toEqual([1, 2, 1]);
    expect([await none.get(1), await none.get(1)]).toEqual([3, 4]);
    expect([await a.scoped(1), await b.scoped(1), await a.scoped(1)]).toEqual([5, 6, 5]);
    expect(cacheControl(a, 'scoped').keyFor(1)).toBe('Typed:1:#a:scoped');
  });

  it('a compiler without context.metadata caches; two levels stay apart, in memory', async () => {
    const warned = warnings();
    const store = new Map<string, unknown>();
    const { cache } = newCache({ store, namespace: 'old' });
    const decorate = Cached({ cache, keyPrefix: 'old' }) as unknown as (
      body: object,
      context: object,
    ) => never;
    const context = { kind: 'method', name: 'find', static: false, private: false };
    class Base {
      async find(id: number): Promise<string> {
        return `base ${String(id)}`;
      }
    }
    Base.prototype.find = decorate(Base.prototype.find, context);
    class Derived extends Base {
      override async find(id: number) {
        return `derived of ${await super.find(id)}`;
      }
    }
    expect([await new Base().find(1), await new Base().find(1)]).toEqual(['base 1', 'base 1']);
    expect([...store.keys()]).toEqual(['old:old:1:find']);
    store.clear();
    Derived.prototype.find = decorate(Derived.prototype.find, context);
    const derived = new Derived();
    for (let round = 0; round < 2; round++) {
      expect(await derived.find(2)).toBe('derived of base 2');
      expect(await new Base().find(2)).toBe('base 2');
    }
    expect([...store.keys()]).toEqual([]);
    expect(warned()).toEqual([expect.stringContaining('Derived.find')]);
    await Base.prototype.find.call({} as Base, 3);
    expect(warned()[1]).toMatch(/was not called on an instance/);
  });

  it('the names of #private methods are not trusted either', async () => {
    const warned = warnings();
    const store = new Map<string, unknown>();
    const { cache } = newCache({ store, namespace: 'private' });
    class Hidden {
      @Cached({ cache, keyPrefix: 'hidden' })
      async #a(id: number) {
        return id;
      }
      @Cached({ cache, keyPrefix: 'hidden', name: 'named' })
      async #b(id: number) {
        return id;
      }
      async run() {
        return [await this.#a(1), await this.#b(2)];
      }
    }
    await new Hidden().run();
    await new Promise(setImmediate);
    expect([...store.keys()]).toEqual(['private:hidden:2:named']);
    expect(warned()).toEqual([expect.stringMatching(/private name 'a'.*option name/)]);
  });
});
