import type { CoordinatorOptions } from '../store/coordinator.js';
import type { Layout } from './layout.js';
import { messagesAboutKeysOf, type Received } from './messages.js';
import type { ServerClock } from './server-clock.js';

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
    private readonly layout: Pick<Layout, 'keyOfValue'>,
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
      case 'set':
      case 'delete':
        // The server reports what it removed, but not that there was nothing to remove, which matters
        // to loads under way.
        if (!isOurs) listener.onKeys([message.key]);
        listener.onLeaseEnd(message.key);
        break;
      case 'changed':
        if (!isOurs) listener.onKeys(message.keys);
        for (const key of message.keys) listener.onLeaseEnd(key);
        break;
      case 'fill':
        // It may have replaced a value that others still hold: by a put or a refresh.
        if (!isTracking && !isOurs) listener.onKeys([message.key]);
        listener.onLeaseEnd(message.key);
        break;
      case 'filled':
        if (!isTracking && !isOurs) listener.onKeys(message.keys);
        for (const key of message.keys) listener.onLeaseEnd(key);
        break;
      case 'release':
        listener.onLeaseEnd(message.key);
        break;
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
    const keys = names.map((name) => this.layout.keyOfValue(name));
    this.options.listener.onKeys(keys.filter((key) => key !== undefined));
  }
}
