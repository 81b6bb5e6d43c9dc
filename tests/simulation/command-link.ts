import { Pipe } from './pipe.js';
import type { Scheduler } from './scheduler.js';
import type { Server } from './server.js';

interface Command {
  readonly run: (server: Server) => unknown;
  readonly resolve: (reply: never) => void;
  readonly reject: (error: Error) => void;
}

export interface LinkOptions {
  readonly scheduler: Scheduler;
  readonly server: Server;
  readonly delay: () => number;
  readonly together: () => boolean;
}

interface Listener {
  /** It stands, for the first time or again. */
  onConnected(): void;
  onDisconnected(error: Error): void;
}

/** One process's connection for commands: they arrive in order, and so do their replies. */
export class CommandLink {
  isConnected = false;
  /** Whether the first attempt to connect is over. */
  private wasTried = false;
  private readonly firstAttempt: (() => void)[] = [];
  private readonly underWay = new Set<Command>();
  private outgoing: Pipe<Command> | undefined;
  private incoming: Pipe<() => void> | undefined;
  listener: Listener | undefined;

  constructor(private readonly options: LinkOptions) {}

  /** Settles when commands can be sent; `undefined` for now. */
  ready(): Promise<void> | undefined {
    if (this.isConnected) return undefined;
    if (this.wasTried) return Promise.reject(closed());
    return new Promise((resolve) => this.firstAttempt.push(resolve));
  }

  send<T>(run: (server: Server) => T | Error): Promise<T> {
    const { outgoing } = this;
    if (outgoing === undefined) return Promise.reject(closed());
    return new Promise<T>((resolve, reject) => {
      const command = { run, resolve, reject };
      this.underWay.add(command);
      outgoing.push(command);
    });
  }

  connect(): void {
    const { scheduler, server, delay, together } = this.options;
    const incoming = new Pipe<() => void>({
      ...{ scheduler, delay, together },
      deliver: (settle) => {
        settle();
      },
    });
    this.incoming = incoming;
    this.outgoing = new Pipe<Command>({
      ...{ scheduler, delay, together },
      blockedUntil: () => server.stalledUntil,
      deliver: (command) => {
        const reply = command.run(server);
        incoming.push(() => {
          this.underWay.delete(command);
          if (reply instanceof Error) command.reject(reply);
          else command.resolve(reply as never);
        });
        return false;
      },
    });
    this.isConnected = true;
    this.wasTried = true;
    for (const resolve of this.firstAttempt.splice(0)) resolve();
    this.listener?.onConnected();
  }

  /** @param survivors - How many commands on their way still reach the server, at most. */
  lose(survivors: number): void {
    if (!this.isConnected) return;
    this.isConnected = false;
    this.outgoing?.cut(survivors);
    this.incoming?.cut();
    this.outgoing = undefined;
    const commands = [...this.underWay];
    this.underWay.clear();
    for (const command of commands) command.reject(closed());
    this.listener?.onDisconnected(closed());
  }
}

function closed(): Error {
  return new Error('Connection is closed.');
}
