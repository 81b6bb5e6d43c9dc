/* Code that must compile and code that must not, in TypeScript's `experimentalDecorators`. Nothing here is run; `npm run typecheck` reads it. */
import {
  CacheConfig,
  cacheControl,
  Cached,
  CacheEvict,
  CachePut,
  Memoized,
  Timed,
  type CacheManager,
} from 'aurora-cache';

interface User {
  readonly id: number;
  readonly name: string;
}
declare const user: User;

type Exactly<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles when the two types are the same. */
declare function same<A, B>(is: Exactly<A, B>): void;

// Refused.

class Refused {
  // @ts-expect-error -- its result is no promise
  @Cached()
  sync(id: number): User {
    return user;
  }

  // @ts-expect-error -- its result is no promise
  @CachePut()
  syncPut(id: number): User {
    return user;
  }

  // @ts-expect-error -- its result is a promise
  @Memoized()
  async memoizedPromise(id: number): Promise<User> {
    return user;
  }

  // @ts-expect-error -- its result is a promise, behind a type parameter
  @Memoized()
  async memoizedGeneric<T>(value: T): Promise<T> {
    return value;
  }

  // @ts-expect-error -- the key's function takes another argument
  @Cached({ key: (id: string) => id })
  async wrongKey(id: number): Promise<User> {
    return user;
  }

  // @ts-expect-error -- the second argument may be a string
  @Cached({ key: (id: number, page: number) => `${id}/${page}` })
  async wrongSecond(id: number, page: number | string): Promise<User> {
    return user;
  }

  // @ts-expect-error -- the argument may be missing
  @Cached({ key: (id: number) => `${id}` })
  async wrongOptional(id?: number): Promise<User> {
    return user;
  }

  // @ts-expect-error -- a key is a string
  @Cached({ key: (id: number) => id })
  async keyIsNumber(id: number): Promise<User> {
    return user;
  }

  // @ts-expect-error -- the method may return nothing
  @Cached({ ttl: (found: User) => found.id })
  async wrongTtlResult(id: number): Promise<User | undefined> {
    return user;
  }

  // @ts-expect-error -- the method's argument is a number
  @Cached({ ttl: (found: User, id: string) => id.length })
  async wrongTtlArgument(id: number): Promise<User> {
    return user;
  }

  // @ts-expect-error -- the method's result is a list
  @Cached({ unless: (found: User) => found.id === 0 })
  async wrongUnless(id: number): Promise<User[]> {
    return [user];
  }

  // @ts-expect-error -- the method's argument is a number
  @Cached({ unless: (found: User, id: string) => id === found.name })
  async wrongUnlessArgument(id: number): Promise<User> {
    return user;
  }

  // @ts-expect-error -- unless returns a boolean
  @Cached({ unless: (found: User) => found.name })
  async unlessIsString(id: number): Promise<User> {
    return user;
  }

  // @ts-expect-error -- the method's result is a list
  @Cached({ tags: (found: User) => [found.name] })
  async wrongTags(id: number): Promise<User[]> {
    return [user];
  }

  // @ts-expect-error -- tags are a list
  @Cached({ tags: (found: User) => found.name })
  async tagsAreString(id: number): Promise<User> {
    return user;
  }

  // @ts-expect-error -- the method's argument is a number
  @Cached({ condition: (id: string) => id !== '' })
  async wrongCondition(id: number): Promise<User> {
    return user;
  }

  // @ts-expect-error -- one of two functions is wrong
  @Cached({ key: (id: number) => `${id}`, unless: (found: string) => found === '' })
  async oneOfTwo(id: number): Promise<User> {
    return user;
  }

  // @ts-expect-error -- no such unit
  @Cached({ ttl: '5x' })
  async wrongUnit(id: number): Promise<User> {
    return user;
  }

  // @ts-expect-error -- no such unit
  @Cached({ ttl: () => '5x' })
  async wrongUnitAnswered(id: number): Promise<User> {
    return user;
  }

  // @ts-expect-error -- no such option
  @Cached({ tll: 5 })
  async unknownOption(id: number): Promise<User> {
    return user;
  }

  // @ts-expect-error -- no such option, beside one that there is
  @Cached({ ttl: 5, keyprefix: 'user' })
  async unknownBesideKnown(id: number): Promise<User> {
    return user;
  }

  // @ts-expect-error -- grace is for what can be loaded in the background
  @Memoized({ grace: 5 })
  memoizedGrace(id: number): User {
    return user;
  }

  // @ts-expect-error -- the key's function takes another argument
  @Memoized({ key: (id: string) => id })
  wrongMemoizedKey(id: number): User {
    return user;
  }

  // @ts-expect-error -- the method's result is a user
  @Memoized({ unless: (found: string) => found === '' })
  wrongMemoizedUnless(id: number): User {
    return user;
  }

  // @ts-expect-error -- no such option
  @CachePut({ refreshAhead: 0.1 })
  async unknownPutOption(id: number): Promise<User> {
    return user;
  }

  // @ts-expect-error -- args takes the result first
  @CachePut({ method: 'sync', args: (id: number) => [id] })
  async wrongPutArgs(id: number): Promise<User> {
    return user;
  }

  // @ts-expect-error -- no such option
  @CacheEvict({ tag: ['users'] })
  async unknownEvictOption(id: number): Promise<void> {}

  // @ts-expect-error -- the method's argument is a number
  @CacheEvict({ key: (id: string) => id })
  async wrongEvictKey(id: number): Promise<void> {}

  // @ts-expect-error -- the method's argument is a number
  @CacheEvict({ methods: { getUser: (id: string) => [id] } })
  async wrongEvictMethod(id: number): Promise<void> {}

  // @ts-expect-error -- there is nothing to remove
  @CacheEvict()
  async evictsNothing(id: number): Promise<void> {}

  // @ts-expect-error -- no such option
  @Timed({ slow: 1 })
  unknownTimedOption(): void {}

  // @ts-expect-error -- options come first: @Cached()
  @Cached
  async bare(id: number): Promise<User> {
    return user;
  }

  // @ts-expect-error -- a getter
  @Cached()
  get getter(): Promise<User> {
    return Promise.resolve(user);
  }

  // @ts-expect-error -- a field, function or not
  @Cached()
  field = async (id: number): Promise<User> => user;
}

// @ts-expect-error -- no such option
@CacheConfig({ key: 'user' })
class RefusedConfig {}

// @ts-expect-error -- no such unit
@CacheConfig({ ttl: '5x' })
class RefusedUnit {}

// Allowed, and keeps its type.

@CacheConfig({ keyPrefix: 'user', ttl: '5m', scope: (users: Users) => users.tenant })
class Users {
  declare tenant: string;
  declare store: CacheManager;

  @Cached({ key: () => 'all' })
  async noParameters(id: number, page: string): Promise<User> {
    return user;
  }

  @Cached({ key: (id: number) => `${id}` })
  async fewerParameters(id: number, page: string): Promise<User> {
    return user;
  }

  @Cached({ key: (id: number | string) => `${id}`, ttl: (found: User | null) => (found ? 60 : 1) })
  async widerParameter(id: number): Promise<User> {
    return user;
  }

  @Cached({ key: (...ids: unknown[]) => ids.join() })
  async restOfUnknown(id: number, ...more: readonly string[]): Promise<User> {
    return user;
  }

  @Cached({ unless: (found: User | undefined) => found === undefined, tags: (_, id) => [`${id}`] })
  async functionsOfSeveralLengths(id: number): Promise<User | undefined> {
    return user;
  }

  @Cached({
    key: (id: number, page: number) => `${id}/${page}`,
    condition: (id: number) => id > 0,
    ttl: (found: User) => (found.id > 5 ? '5m' : 0),
    tags: (found: User, id: number) => [found.name, `${id}`],
    unless: (found: { readonly name: string }) => found.name === '',
  })
  async everyFunction(id: number, page: number): Promise<User> {
    return user;
  }

  @Cached({ condition: (id) => id > 5, unless: (found) => found.name === '' })
  async notAnnotated(id: number): Promise<User> {
    return user;
  }

  @Cached({ key: (id: string) => id, grace: '1h', refreshAhead: 0.1, lease: '5s' })
  async generic<T>(id: string): Promise<T> {
    return user as T;
  }

  @Cached()
  async bounded<T extends User>(value: T): Promise<T> {
    return value;
  }

  overloaded(id: number): Promise<User>;
  overloaded(name: string, exact: boolean): Promise<User[]>;
  @Cached({ key: (id: number | string, exact?: boolean) => `${id}${String(exact)}` })
  async overloaded(id: number | string, exact?: boolean): Promise<User | User[]> {
    return typeof id === 'number' ? user : [user];
  }

  @Cached({ key: (page?: number, ...tags: string[]) => `${page ?? 0}${tags.join()}` })
  async optionalAndRest(page?: number, ...tags: string[]): Promise<User[]> {
    return [user];
  }

  @Cached()
  async ownThis(this: this, id: number): Promise<User> {
    return user;
  }

  @Cached()
  fluent(): Promise<this> {
    return Promise.resolve(this);
  }

  @Cached({
    scope: (users: Users) => users.tenant,
    cache: (users: Users) => users.store,
    key(this: Users, id: number) {
      return `${this.tenant}/${id}`;
    },
    condition(this: { readonly tenant: string }) {
      return this.tenant !== '';
    },
  })
  async ofTheInstance(id: number): Promise<User> {
    return user;
  }

  @Cached({ scope: (type: typeof Users) => type.name })
  static async ofTheClass(id: number): Promise<User> {
    return user;
  }

  @Cached()
  protected async hidden(id: number): Promise<User> {
    return user;
  }

  @Memoized({ key: (id: number | string) => `${id}`, ttl: '1h' })
  memoized(id: number): User {
    return user;
  }

  @Memoized()
  memoizedMaybe<T>(value: T): T | undefined {
    return value;
  }

  @Memoized()
  memoizedAny(): unknown {
    return user;
  }

  @CachePut({ method: 'generic', args: (saved: User) => [saved.name], ttl: '1m' })
  async put(id: number, changes: Partial<User>): Promise<User> {
    return user;
  }

  @CacheEvict({
    key: (id: number) => `user:${id}`,
    methods: { generic: (id: number) => [`${id}`] },
  })
  async evict(id: number, changes: Partial<User>): Promise<void> {}

  @CacheEvict({ methods: ['generic'], tags: ['users'], pattern: ['user:*'], key: 'all' })
  evictSync(): number {
    return 1;
  }

  @Timed({ slowThreshold: '100ms' })
  @Cached()
  async timed(id: number): Promise<User> {
    return user;
  }

  @Timed()
  timedSync(id: number): number {
    return id;
  }
}

declare const users: Users;
same<Users['fewerParameters'], (id: number, page: string) => Promise<User>>(true);
same<Users['generic'], <T>(id: string) => Promise<T>>(true);
same<Users['bounded'], <T extends User>(value: T) => Promise<T>>(true);
same<Users['optionalAndRest'], (page?: number, ...tags: string[]) => Promise<User[]>>(true);
same<(typeof Users)['ofTheClass'], (id: number) => Promise<User>>(true);
same<Users['memoized'], (id: number) => User>(true);
same<Users['put'], (id: number, changes: Partial<User>) => Promise<User>>(true);
same<Users['evictSync'], () => number>(true);
same<Users['timedSync'], (id: number) => number>(true);
interface Overloaded {
  (id: number): Promise<User>;
  (name: string, exact: boolean): Promise<User[]>;
}
same<Users['overloaded'], Overloaded>(true);
// @ts-expect-error -- the assertion itself can fail
same<Users['memoized'], (id: number) => Promise<User>>(true);

@CacheConfig({ grace: '1h' })
class Single {
  static readonly only = new Single();
  private constructor() {}

  @Cached()
  async load(id: number): Promise<User> {
    return user;
  }
}

@CacheConfig({ jitter: 0.1 })
abstract class Repository<T> {
  @Cached()
  async find(id: number): Promise<T> {
    return await this.query(id);
  }
  protected abstract query(id: number): Promise<T>;
}

// The controls take what the method takes.

cacheControl(users, 'fewerParameters').keyFor(1, 'a');
cacheControl(Users, 'fewerParameters').keyFor(1, 'a');
cacheControl(Users.prototype, 'fewerParameters').keyFor(1, 'a');
cacheControl(Users, 'ofTheClass').keyFor(1);
cacheControl(Users, 'overloaded').keyFor('name', true);
cacheControl(Users, 'optionalAndRest').keyFor();
cacheControl(Single, 'load').keyFor(1);
cacheControl(Single.only, 'load').keyFor(1);
cacheControl(Repository, 'find').keyFor(1);
same<ReturnType<typeof refreshed>, Promise<User>>(true);
const refreshed = () => cacheControl(users, 'fewerParameters').refresh(1, 'a');
void cacheControl(users, 'widerParameter').warm([[1], [2]]);

// @ts-expect-error -- an id is a number
cacheControl(users, 'widerParameter').keyFor('1');
// @ts-expect-error -- an id is a number
cacheControl(Users, 'widerParameter').keyFor('1');
// @ts-expect-error -- an id is a number
cacheControl(Users.prototype, 'widerParameter').keyFor('1');
// @ts-expect-error -- an id is a number
cacheControl(Users, 'ofTheClass').keyFor('1');
// @ts-expect-error -- an id is a number
cacheControl(Single, 'load').keyFor('1');
// @ts-expect-error -- an argument is missing
void cacheControl(users, 'fewerParameters').invalidate(1);
// @ts-expect-error -- an id is a number
void cacheControl(users, 'widerParameter').warm([['1']]);
// @ts-expect-error -- no such method
cacheControl(users, 'unheard');
// @ts-expect-error -- not a method
cacheControl(users, 'tenant');
