import { Pipe } from './pipe.js';
import type { LinkOptions } from './command-link.js';
import type { Push, Subscriber } from './server.js';

interface Listener {
  onPush(push: Push): void;
  /** It is about to listen; what was said meanwhile is lost. */
  onReset(): void;
  onChange(): void;
}

/** One process's connection for messages, with the rules of `src/redis/bus.ts`. */
export class BusLink implements Subscriber {
  isListening = false;
  listener: Listener | undefined;
  private pipe: Pipe<Push> | undefined;

  constructor(
    private readonly options: LinkOptions,
    readonly isTracking: boolean,
  ) {}

  push(push: Push): void {
    this.pipe?.push(push);
  }

  /** Subscribes now, and listens when its own probe is back. */
  open(probeMs: number): void {
    const { scheduler, server, delay, together } = this.options;
    if (this.pipe !== undefined) return;
    const pipe = new Pipe<Push>({
      ...{ scheduler, delay, together },
      deliver: (push) => {
        if (push.kind === 'echo') this.echoed();
        else this.listener?.onPush(push);
      },
    });
    this.pipe = pipe;
    server.subscribers.add(this);
    // The probe is published over the other connection.
    scheduler.after(probeMs, () => {
      pipe.push({ kind: 'echo' });
      return false;
    });
  }

  /** The connection breaks, and what is on its way is lost. */
  lose(): void {
    this.swallow();
    this.pipe = undefined;
    if (!this.isListening) return;
    this.isListening = false;
    this.listener?.onChange();
  }

  /** Drops all messages, without the process noticing. */
  swallow(): void {
    this.options.server.subscribers.delete(this);
    this.pipe?.cut();
  }

  private echoed(): void {
    if (this.isListening) return;
    this.listener?.onReset();
    this.isListening = true;
    this.listener?.onChange();
  }
}
