import { LIMITS } from '../../base/options/defaults.js';
import { ConfigurationError } from '../../base/errors/errors.js';
import { localKey } from '../../base/keys/local-key.js';
import { warnOnce } from '../../base/errors/warn.js';
import type { CodeName } from '../../cache/claims/build-names.js';
import { claim, CLAIMS, type Claim } from '../../cache/claims/claim.js';
import type { ClaimRequest } from '../../cache/claims/segment.js';
import type { CacheCore } from '../../cache/core/cache-core.js';

/**
 * A method's claim on its keys in one cache: made at the first call, and checked again whenever
 * another claim changes what may be shared.
 *
 * @internal
 */
export class KeyClaim {
  /** Whether results must stay in memory, under local keys. */
  isLocal = false;
  private claimed: Claim | undefined;
  private settledAt = -1;

  /**
   * @param request - `undefined` for a method with a `key` option, whose keys are the user's.
   * @param isSync - Whether results stay in memory regardless of their keys.
   */
  constructor(
    private readonly core: CacheCore,
    private readonly request: ClaimRequest | undefined,
    private readonly isSync: boolean,
  ) {}

  /**
   * Makes the claim, and decides whether results may be shared. Every call that reads or stores does
   * this first.
   *
   * @throws ConfigurationError when too many functions use the keys.
   */
  settle(): void {
    const claims = this.core[CLAIMS];
    if (this.settledAt === claims.changes) return;
    if (this.request !== undefined && !this.isLocal) {
      this.claimed ??= this.claim(this.request);
      const { isContested, isDoubtful, codeNames } = this.claimed.segment;
      // Without a shared tier, no other build can read what is stored here.
      const isUntrusted = isDoubtful && !this.isSync && this.core.shared !== undefined;
      this.isLocal = isContested || isUntrusted;
      if (isUntrusted) warnOfNames(codeNames, this.request.label);
    }
    this.settledAt = claims.changes;
  }

  /** The key under which a result is stored and its load is shared. */
  keyOf(key: string): string {
    return this.isLocal && this.claimed !== undefined
      ? localKey(this.claimed.claimant.number, key)
      : key;
  }

  private claim(request: ClaimRequest): Claim {
    const made = claim(this.core, request);
    if (made === undefined) {
      throw new ConfigurationError(
        `More than ${String(LIMITS.claimants)} functions use the keys ${textOf(request)}. ` +
          'Make each cached function once, and name a keyPrefix.',
      );
    }
    if (made.rival !== undefined) warnOfRivals(request, made.rival.label);
    return made;
  }
}

function textOf({ prefix, last }: ClaimRequest): string {
  return `${prefix}:…:${last}`;
}

function warnOfRivals(request: ClaimRequest, rival: string): void {
  const keys = textOf(request);
  warnOnce(
    'AURORA_SHARED_KEYS',
    keys,
    `${rival} and ${request.label} use the same keys in one cache, ${keys}. Their results are kept ` +
      'apart, in memory only. Name another keyPrefix, or a name, for one of them; if they are meant ' +
      'to share their results, give both the same name.',
  );
}

function warnOfNames(names: readonly CodeName[], label: string): void {
  for (const { text, kind } of names) {
    const remedy =
      kind === 'class name'
        ? 'Name a keyPrefix, for the method or by @CacheConfig'
        : 'Give the option name';
    warnOnce(
      'AURORA_DOUBTFUL_NAME',
      `${kind} ${text === '' ? label : text}`,
      `The results of ${label} stay in memory: their keys contain the ${kind} '${text}', which a ` +
        `minifier or bundler may give to something else in another build. ${remedy}.`,
    );
  }
}
