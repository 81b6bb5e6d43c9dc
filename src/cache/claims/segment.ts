import type { CodeName } from './build-names.js';

/** The claims of one cache. */
export interface Claims {
  /** By prefix and last segment. */
  readonly segments: Map<string, Segment>;
  /** Segments whose entries are local, by `segmentId` in `local-segments.ts`. */
  readonly locals: Map<string, Segment[]>;
  /** Names that are not trusted, because the same name with a suffix exists. */
  readonly doubted: Set<string>;
  /** Incremented when the entries of a segment become local: methods then check their claims again. */
  changes: number;
}

/** The part that a method's keys share: `user:…:getUser`. */
export interface Segment {
  readonly prefix: string;
  readonly last: string;
  /** Class and function names in it. */
  readonly codeNames: readonly CodeName[];
  readonly claimants: Claimant[];
  /** Number of claimants so far, including those that are gone. */
  count: number;
  /** Whether a second claimant was met. */
  isContested: boolean;
  /** Whether another build may give a name in it to another class. */
  isDoubtful: boolean;
}

/** A method whose results are stored under a segment's keys. */
export interface Claimant {
  /** The part of its local keys that distinguishes it from other claimants. */
  readonly number: number;
  /** For messages. */
  readonly label: string;
  /** The original function. Weak: a module that was replaced must not stay in memory. */
  readonly body: WeakRef<object>;
  /** The classes on which the method was called; they inherit from one another. */
  readonly classes: WeakRef<object>[];
  /** Whether the user chose the last segment by the `name` option. */
  readonly isNamed: boolean;
}

/** A method's request for the keys of a segment. */
export interface ClaimRequest {
  readonly prefix: string;
  readonly last: string;
  readonly codeNames: readonly CodeName[];
  /** The class of the call, whether or not the keys contain its name. */
  readonly className: string | undefined;
  readonly label: string;
  readonly body: object;
  /** The runtime class of the call; absent for a plain function. */
  readonly type: object | undefined;
  readonly isNamed: boolean;
}
