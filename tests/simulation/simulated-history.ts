import type { StoreHistory } from '../../src/store/coordinator.js';
import type { CommandLink } from './command-link.js';

/** The counterpart of `src/redis/history.ts` over the simulated server. */
export class SimulatedHistory implements StoreHistory {
  connections = 0;
  floor = 0;

  constructor(
    private readonly link: CommandLink,
    private readonly origin: string,
    private readonly onFloor: () => void,
  ) {}

  noteFloor(floor: number): void {
    if (floor <= this.floor) return;
    this.floor = floor;
    this.onFloor();
  }

  async noteSequence(sequence: number): Promise<void> {
    await this.link.send((server) => {
      server.noteSequence(this.origin, sequence);
    });
  }

  async readSequence(): Promise<number | undefined> {
    return await this.link.send((server) => server.sequence(this.origin));
  }

  async raiseFloor(): Promise<void> {
    this.noteFloor(await this.link.send((server) => server.raiseFloor(this.origin)));
  }
}
