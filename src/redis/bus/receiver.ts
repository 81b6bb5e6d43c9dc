import type { CoordinatorOptions } from '../../store/coordinator.js';
import type { RedisKeys } from '../keys.js';
import { messagesAboutKeysOf, type Received } from './messages.js';
import type { ServerClock } from '../server-clock.js';

/**
 * Passes on to a cache what the other caches and the server say.
 *
 * @internal
 */
export class Receiver {
  /** Messages that have arrived. */
  received = 0;
  private readonly isOwn: (text: string) => boolean;

  constructor(
    private readonly options: Pick<CoordinatorOptions, 'listener' | 'origin'>,
    private readonly redisKeys: Pick<RedisKeys, 'keyOfValue'>,
    private readonly time: Pick<ServerClock, 'forgetTags' | 'sawFloor' | 'sawTagClock'>,
  ) {
    this.isOwn = messagesAboutKeysOf(options.origin);
  }

  /** Whether a text says nothing new, so that it need not be parsed: calls on many keys send long ones. */
  skips(text: string): boolean {
    // The cache's own messages matter only to loads that wait for the end of a lease.
    if (this.options.listener.awaitsLease || !this.isOwn(text)) return false;
    this.received++;
    return true;
  }

  receive(message: Received, isTracking: boolean): void {
    const { listener, origin } = this.options;
    const isOurs = message.origin === origin;
    this.received++;
    switch (message.kind) {
      case 'tags':
        this.time.sawTagClock(message.version);
        if (!isOurs) listener.onTags(message.tags, message.version);
        break;
      case 'clear':
        if (!isOurs) listener.onPatterns(message.patterns);
        break;
      case 'floor':
        this.time.sawFloor(message.floor);
        break;
      case 'probe':
        break;
      default: {
        const keys = 'keys' in message ? message.keys : [message.key];
        if (!isOurs && replacesValues(message.kind, isTracking)) listener.onKeys(keys);
        for (const key of keys) listener.onLeaseEnd(key);
      }
    }
  }

  /** @param names - Of what changed, as the server says; `undefined` for everything. */
  changed(names: readonly string[] | undefined): void {
    this.received++;
    if (names === undefined) {
      this.time.forgetTags();
      this.options.listener.onReset();
      return;
    }
    const keys = names.map((name) => this.redisKeys.keyOfValue(name));
    this.options.listener.onKeys(keys.filter((key) => key !== undefined));
  }
}

/** Whether a message of a kind says that values in memory are out of date, where nothing else does. */
function replacesValues(kind: KeyMessage, isTracking: boolean): boolean {
  switch (kind) {
    case 'set':
    case 'delete':
    case 'changed':
      // A tracking server reports what it removed, but not that there was nothing to remove, which
      // matters to loads under way.
      return true;
    case 'fill':
    case 'filled':
      // It may have replaced a value that others still hold: by a put or a refresh.
      return !isTracking;
    case 'release':
      return false;
  }
}

type KeyMessage = Extract<Received, { readonly key: string } | { readonly keys: unknown }>['kind'];
