import type { Clock } from '../../base/time/clock.js';
import { HTTP_LIMITS } from '../../base/options/defaults.js';
import { printable } from '../../base/errors/printable.js';

/** Data about the client that a `Request` does not carry. */
export interface RequestClient {
  /** Path and query as they were sent; a `Request` has resolved the dot segments. */
  readonly target?: string | undefined;
  /** Address of the peer, for the log. */
  readonly address?: string | undefined;
}

/**
 * Logs refused requests and clears with the client's address. Each kind has a limit per minute, so that no
 * client can fill the disk.
 *
 * @internal
 */
export class AuditLog {
  private readonly refusals: RateLimit;
  private readonly clears: RateLimit;

  constructor(
    clock: Clock,
    private readonly log: (line: string) => void,
  ) {
    this.refusals = new RateLimit(clock);
    this.clears = new RateLimit(clock);
  }

  refused(request: Request, client: RequestClient | undefined, code: string): void {
    const { pathname } = new URL(request.url);
    const path = client?.target?.split('?', 1)[0] ?? pathname;
    this.write(
      this.refusals,
      `Refused ${cut(request.method)} ${cut(path)} from ${addressOf(request, client)}: ${code}.`,
    );
  }

  cleared(
    request: Request,
    client: RequestClient | undefined,
    pattern: string,
    count: number,
  ): void {
    this.write(
      this.clears,
      `Cleared ${String(count)} entries by pattern ${cut(pattern)} for ${addressOf(request, client)}.`,
    );
  }

  private write(limit: RateLimit, line: string): void {
    const skipped = limit.take();
    if (skipped === undefined) return;
    this.log(skipped === 0 ? line : `${line} ${String(skipped)} more were not logged.`);
  }
}

/** Allows a fixed number of lines in each minute. */
class RateLimit {
  private since = -Infinity;
  private left = 0;
  private skipped = 0;

  constructor(private readonly clock: Clock) {}

  /** Counts one line. Returns how many were skipped before it; `undefined` if it must be skipped, too. */
  take(): number | undefined {
    const now = this.clock.monotonic();
    if (now - this.since >= HTTP_LIMITS.auditMs) {
      this.since = now;
      this.left = HTTP_LIMITS.auditLines;
    }
    if (this.left === 0) {
      this.skipped++;
      return undefined;
    }
    this.left--;
    const { skipped } = this;
    this.skipped = 0;
    return skipped;
  }
}

function addressOf({ headers }: Request, client: RequestClient | undefined): string {
  const address = typeof client?.address === 'string' ? client.address : 'an unknown address';
  // Any client can send this header unless a proxy replaces it.
  const forwarded = headers.get('x-forwarded-for');
  return forwarded === null ? cut(address) : `${cut(address)} (forwarded for ${cut(forwarded)})`;
}

function cut(text: string): string {
  return printable(text.slice(0, 200));
}
