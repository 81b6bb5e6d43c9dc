import {
  Cached,
  cacheControl,
  CacheEvict,
  CachePut,
  ConfigurationError,
  Memoized,
  METHOD_METADATA,
  Timed,
} from 'aurora-cache';
import { foreign, mark, newCache, untyped } from './support.js';

/** The decorators without their types, and the least options of each. */
const decorators: [string, ReturnType<typeof untyped>, object][] = [
  ['@Cached', untyped(Cached), {}],
  ['@Memoized', untyped(Memoized), {}],
  ['@CachePut', untyped(CachePut), {}],
  ['@CacheEvict', untyped(CacheEvict), { key: 'key' }],
  ['@Timed', untyped(Timed), {}],
];

describe.each(decorators)('%s, as it is applied,', (name, decorator, least) => {
  it('refuses a getter, a field and an accessor, and says what it stands on', () => {
    const message = new RegExp(`^${name} can only decorate a method; '`);
    const attempts = [
      () => {
        class Getter {
          @untyped(decorator(least))
          get value() {
            return 1;
          }
        }
        return Getter;
      },
      () => {
        class Field {
          @untyped(decorator(least))
          value = () => 1;
        }
        return Field;
      },
      () => {
        class Accessor {
          @untyped(decorator(least))
          accessor value = () => 1;
        }
        return Accessor;
      },
    ];
    for (const attempt of attempts) {
      expect(attempt).toThrow(ConfigurationError);
      expect(attempt).toThrow(message);
    }
  });

  it('refuses a class', () => {
    expect(() => {
      @untyped(decorator(least))
      class Whole {}
      return Whole;
    }).toThrow(ConfigurationError);
  });

  it('without its parentheses says how it is written', () => {
    const attempts = [
      () => {
        class Bare {
          @decorator
          async get() {
            return 1;
          }
        }
        return Bare;
      },
      () => {
        class BareStatic {
          @decorator
          static async get() {
            return 1;
          }
        }
        return BareStatic;
      },
    ];
    for (const attempt of attempts) {
      expect(attempt).toThrow(ConfigurationError);
      expect(attempt).toThrow(`write ${name}() or ${name}({ … })`);
    }
  });

  it('refuses options that are no object, and unknown ones', () => {
    for (const options of [null, 5, 'text', [], true]) {
      expect(() => decorator(options)).toThrow(ConfigurationError);
    }
    expect(() => decorator({ unheardOf: 1 })).toThrow(`${name}: there is no option 'unheardOf'`);
  });
});

describe('options are checked before the first call:', () => {
  const bad: [string, () => unknown, string][] = [
    ['the nearest name', () => untyped(Cached)({ tll: 5 }), "Did you mean 'ttl'?"],
    [
      'a name in the wrong case',
      () => untyped(Cached)({ keyprefix: 'a' }),
      "Did you mean 'keyPrefix'?",
    ],
    [
      'no suggestion for a distant name',
      () => untyped(Cached)({ zzzzz: 1 }),
      'Known are keyPrefix, name, key',
    ],
    ['ttl', () => untyped(Cached)({ ttl: '5x' }), '@Cached: ttl must be'],
    ['ttl 0', () => Cached({ ttl: 0 }), '@Cached: ttl must be'],
    ['key', () => untyped(Cached)({ key: 'user' }), '@Cached: key must be a function'],
    ['scope', () => untyped(Cached)({ scope: 'id' }), '@Cached: scope must be a function'],
    ['condition', () => untyped(Cached)({ condition: true }), 'condition must be a function'],
    ['unless', () => untyped(Cached)({ unless: true }), 'unless must be a function'],
    ['tags', () => untyped(Cached)({ tags: 'users' }), '@Cached: tags must be'],
    ['an empty prefix', () => Cached({ keyPrefix: '' }), '@Cached: keyPrefix must be'],
    ['cache', () => untyped(Cached)({ cache: {} }), '@Cached: cache must be a CacheManager'],
    ['what others take', () => untyped(Memoized)({ grace: 5 }), '@Memoized: there is no option'],
    ['nothing to remove', () => CacheEvict({}), 'at least one of key, pattern, tags and methods'],
    ['methods', () => untyped(CacheEvict)({ methods: 'get' }), '@CacheEvict: methods must be'],
    ['key', () => untyped(CacheEvict)({ key: 5 }), '@CacheEvict: key must be'],
    ['args', () => untyped(CachePut)({ args: [1] }), '@CachePut: args must be a function'],
    ['slowThreshold', () => Timed({ slowThreshold: -1 }), '@Timed: slowThreshold must be'],
  ];
  it.each(bad)('%s', (_, apply, message) => {
    expect(apply).toThrow(ConfigurationError);
    expect(apply).toThrow(message);
  });

  it('and not read again after that', async () => {
    const { cache } = newCache();
    const options = { cache, keyPrefix: 'before' };
    class Late {
      @Cached(options)
      async get(id: number) {
        return id;
      }
    }
    options.keyPrefix = 'after';
    expect(cacheControl(Late, 'get').keyFor(1)).toBe('before:1:get');
  });
});

describe('beside decorators of others', () => {
  const wrapping = (log: string[]) =>
    foreign(
      (body) =>
        function wrapped(this: unknown, ...args: unknown[]) {
          log.push(`call ${args.join()}`);
          return body.apply(this, args) as unknown;
        },
    );

  it('a decorator that wraps works on either side', async () => {
    const { cache } = newCache();
    const outside: string[] = [];
    const inside: string[] = [];
    let calls = 0;
    class Wrapped {
      base = 10;
      @wrapping(outside)
      @Cached({ cache })
      async below(n: number) {
        calls++;
        return this.base + n;
      }
      @Timed()
      @Cached({ cache })
      @wrapping(inside)
      async above(n: number) {
        calls++;
        return this.base + n;
      }
    }
    class Heir extends Wrapped {}
    const wrapped = new Wrapped();
    for (let i = 0; i < 3; i++) {
      expect(await wrapped.below(1)).toBe(11);
      expect(await wrapped.above(2)).toBe(12);
    }
    expect(calls).toBe(2);
    expect(outside).toEqual(['call 1', 'call 1', 'call 1']);
    expect(inside).toEqual(['call 2']);
    expect(await new Heir().below(1)).toBe(11);
    expect(calls).toBe(3);
    expect(cacheControl(wrapped, 'above').keyFor(2)).toBe('Wrapped:2:above');
    expect(await cache.has('Wrapped:1:below')).toBe(true);
    expect(await cache.has('Heir:1:below')).toBe(true);
  });

  it('metadata that others put on the function is on the method, on whichever side they stand', async () => {
    const { cache } = newCache();
    const token = Symbol('token');
    class Marked {
      @mark('roles', ['admin'])
      @Timed()
      @Cached({ cache })
      @mark(token, 1)
      @CacheEvict({ cache, key: 'a' })
      @mark('inner', { deep: true })
      async get(id: number) {
        return id;
      }
    }
    const fn = Marked.prototype.get;
    expect(Reflect.getMetadata('roles', fn)).toEqual(['admin']);
    expect(Reflect.getMetadata(token, fn)).toBe(1);
    expect(Reflect.getMetadata('inner', fn)).toEqual({ deep: true });
    const own = Reflect.getOwnMetadata(METHOD_METADATA, fn) as { kind: string }[];
    expect(own.map(({ kind }) => kind)).toEqual(['evict', 'cached', 'timed']);
    expect([await new Marked().get(1), fn.name, fn.length]).toEqual([1, 'get', 1]);
    expect(cacheControl(Marked, 'get').keyFor(1)).toBe('Marked:1:get');
  });
});
