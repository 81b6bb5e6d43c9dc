import type {
  CoordinatedStore,
  Coordinator,
  CoordinatorOptions,
} from '../../src/store/coordinator.js';
import { SimulatedCoordinator, type SimulatedStoreOptions } from './simulated-coordinator.js';

/** A Keyv adapter that coordinates, as RedisStore does, over the simulated server. */
export class SimulatedStore implements CoordinatedStore {
  private readonly listeners = { ready: [] as Listener[], error: [] as Listener[] };
  /** That of the cache while it is on. */
  coordinator: SimulatedCoordinator | undefined;
  private readonly all = new Set<SimulatedCoordinator>();

  constructor(private readonly options: SimulatedStoreOptions) {
    options.link.listener = {
      onConnected: () => {
        for (const listener of this.listeners.ready) listener();
        for (const one of this.all) one.connected();
      },
      onDisconnected: (error) => {
        for (const listener of this.listeners.error) listener(error);
        for (const one of this.all) one.disconnected();
      },
    };
  }

  async get(key: string): Promise<string | undefined> {
    return (await this.getMany([key]))[0];
  }

  async getMany(keys: readonly string[]): Promise<(string | undefined)[]> {
    const { link, namespace } = this.options;
    await link.ready();
    const names = keys.map((key) => key.slice(namespace.length + 1));
    return await link.send((server) => names.map((name) => server.get(name)));
  }

  set(): Promise<never> {
    return Promise.reject(new Error('The cache writes through the coordinator.'));
  }

  delete(): Promise<never> {
    return Promise.reject(new Error('The cache deletes through the coordinator.'));
  }

  off(event: 'ready' | 'error', listener: Listener): this {
    this.listeners[event] = this.listeners[event].filter((one) => one !== listener);
    return this;
  }

  on(event: 'ready' | 'error', listener: Listener): this {
    this.listeners[event].push(listener);
    return this;
  }

  coordinate(options: CoordinatorOptions): Coordinator {
    const one = new SimulatedCoordinator(options, this.options, () => this.all.delete(one));
    this.all.add(one);
    if (options.listens !== false) this.coordinator = one;
    return one;
  }
}

type Listener = (error?: Error) => void;
