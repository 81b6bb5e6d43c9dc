import type { CoordinatorOptions } from '../../store/coordinator.js';
import type { RedisKeys } from '../keys.js';
import { messagesAboutKeysOf, type Received } from './messages.js';
import type { ServerClock } from '../server-clock.js';

/**
 * Applies the messages of other caches and of the server to a cache.
 *
 * @internal
 */
export class Receiver {
  /** Number of messages received. */
  received = 0;
  private readonly isOwn: (text: string) => boolean;

  constructor(
    private readonly options: Pick<CoordinatorOptions, 'listener' | 'origin'>,
    private readonly redisKeys: Pick<RedisKeys, 'keyOfValue'>,
    private readonly time: Pick<ServerClock, 'noteFloor' | 'noteTagClock' | 'resetTagClock'>,
  ) {
    this.isOwn = messagesAboutKeysOf(options.origin);
  }

  /** Whether a text has no effect and need not be parsed: calls on many keys publish long texts. */
  canSkip(text: string): boolean {
    // The cache's own messages matter only to loads that wait for the end of a lease.
    if (this.options.listener.awaitsLease || !this.isOwn(text)) return false;
    this.received++;
    return true;
  }

  receive(message: Received, isTracking: boolean): void {
    const { listener, origin } = this.options;
    const isOwnMessage = message.origin === origin;
    this.received++;
    switch (message.kind) {
      case 'tags':
        this.time.noteTagClock(message.version);
        if (!isOwnMessage) listener.onTags(message.tags, message.version);
        break;
      case 'clear':
        if (!isOwnMessage) listener.onPatterns(message.patterns);
        break;
      case 'floor':
        this.time.noteFloor(message.floor);
        break;
      case 'probe':
        break;
      default: {
        const keys = 'keys' in message ? message.keys : [message.key];
        if (!isOwnMessage && replacesValues(message.kind, isTracking)) listener.onKeys(keys);
        for (const key of keys) listener.onLeaseEnd(key);
      }
    }
  }

  /** @param names - Names of changed keys, as the tracking server reports them; `undefined` for all keys. */
  receiveTracked(names: readonly string[] | undefined): void {
    this.received++;
    if (names === undefined) {
      this.time.resetTagClock();
      this.options.listener.onReset();
      return;
    }
    const keys = names.map((name) => this.redisKeys.keyOfValue(name));
    this.options.listener.onKeys(keys.filter((key) => key !== undefined));
  }
}

/** Whether a message of this kind means that values in memory are out of date. */
function replacesValues(kind: KeyMessage, isTracking: boolean): boolean {
  switch (kind) {
    case 'set':
    case 'delete':
    case 'changed':
      // Tracking does not report the removal of a missing key, which matters to loads in flight.
      return true;
    case 'fill':
    case 'filled':
      // A put or a refresh may have replaced a value that other caches hold; tracking reports that.
      return !isTracking;
    case 'release':
      return false;
  }
}

type KeyMessage = Extract<Received, { readonly key: string } | { readonly keys: unknown }>['kind'];
