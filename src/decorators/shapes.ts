/** Any method or function, as the plumbing handles it. */
export type AnyFunction = (this: unknown, ...args: unknown[]) => unknown;

/** A class, as far as keys need to know it. */
export type ClassLike = (abstract new (...args: never[]) => unknown) & { readonly name: string };
