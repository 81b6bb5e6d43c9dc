/* The function wrappers keep the function's type and add typed controls. */
import { cached, memoized, timed } from 'aurora-cache';

interface User {
  readonly id: number;
  readonly name: string;
}
declare const user: User;

type Exactly<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare function same<A, B>(is: Exactly<A, B>): void;

const load = async (id: number, page?: string): Promise<User> => user;
const getUser = cached(load, { ttl: '5m', key: (id: number | string) => `${id}` });
same<Parameters<typeof getUser>, [id: number, page?: string | undefined]>(true);
same<Parameters<typeof getUser.keyFor>, [id: number, page?: string | undefined]>(true);
same<ReturnType<typeof getUser>, Promise<User>>(true);
same<ReturnType<typeof getUser.refresh>, Promise<User>>(true);
getUser.keyFor(1);
void getUser.invalidate(1, 'a');
void getUser.warm([[1], [2, 'b']]);

const slug = memoized((title: string) => title.toLowerCase(), { name: 'slug' });
same<ReturnType<typeof slug>, string>(true);
same<Parameters<typeof slug.keyFor>, [title: string]>(true);

const render = timed(async <T>(page: T): Promise<T> => page, { slowThreshold: '100ms' });
same<typeof render, <T>(page: T) => Promise<T>>(true);

// The result and the arguments are known to functions that do not say what they take.
cached(load, { unless: (found, id) => found.name === '' && id > 5, tags: (found) => [found.name] });
const identity = cached(async <T>(value: T): Promise<T> => value, { name: 'identity' });
same<ReturnType<typeof identity<string>>, Promise<string>>(true);

// @ts-expect-error -- an id is a number
getUser.keyFor('1');
// @ts-expect-error -- an id is a number
void getUser('1');
// @ts-expect-error -- an id is a number
void getUser.warm([['1']]);
// @ts-expect-error -- its result is no promise
cached((id: number) => id, { name: 'sync' });
// @ts-expect-error -- its result is a promise
memoized(async (id: number) => id, { name: 'async' });
// @ts-expect-error -- the key's function takes another argument
cached(load, { key: (id: string) => id });
// @ts-expect-error -- the method's result is a user
cached(load, { unless: (found: string) => found === '' });
// @ts-expect-error -- no such unit
cached(load, { ttl: '5x' });
// @ts-expect-error -- no such option
cached(load, { tll: 5 });
// @ts-expect-error -- functions have no instance
cached(load, { scope: () => 'tenant' });
// @ts-expect-error -- no such option
timed(load, { ttl: 5 });
