import type { Redis } from 'ioredis';

interface Holder {
  ref?: () => unknown;
  unref?: () => unknown;
}

/** What of an ioredis client holds the process open; the timer is a private part, and may be absent. */
interface Held {
  readonly stream?: Holder;
  readonly reconnectTimeout?: Holder | null;
}

/**
 * Lets the process end while nothing is asked of a client of ours: its socket, and its timer between
 * two attempts to connect, would hold it open for ever. A command that is under way still does.
 *
 * @internal
 */
export function holdForCommandsOnly(client: Redis): void {
  const held = client as unknown as Held;
  let underWay = 0;
  const letGo = (): void => {
    if (underWay === 0) held.stream?.unref?.();
  };
  const send = client.sendCommand.bind(client);
  client.sendCommand = (command, stream) => {
    if (++underWay === 1) held.stream?.ref?.();
    const settled = (): void => {
      underWay--;
      letGo();
    };
    command.promise.then(settled, settled);
    return send(command, stream);
  };
  client.on('ready', letGo);
  client.on('reconnecting', () => held.reconnectTimeout?.unref?.());
}

/**
 * Lets the process end although a client listens.
 *
 * @internal
 */
export function holdNothing(client: Redis): void {
  (client as unknown as Held).stream?.unref?.();
}
