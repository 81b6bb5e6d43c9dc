import type { Acknowledgements } from './acknowledgements.js';
import type { Fault } from './scenario.js';
import type { Member, World } from './world.js';

/** Has go wrong what the scenario says. */
export class Faults {
  /** Brings the server's saved state back. */
  private saved: (() => void) | undefined;

  constructor(
    private readonly world: World,
    private readonly acknowledgements: Acknowledgements,
  ) {}

  /** Saves the state that a rollback comes back to. */
  save(): void {
    this.saved = this.world.server.save();
  }

  strike({ kind, process, lastsMs }: Fault): void {
    const { scheduler, server, random, scenario } = this.world;
    const member = this.world.members[process] as Member;
    this.world.note(() => `fault: ${kind}, process ${process}, ${lastsMs} ms`);
    switch (kind) {
      case 'bus lost':
        this.loseBus(member, lastsMs);
        break;
      case 'bus silent':
        member.bus.swallow();
        scheduler.after(random.int(0, scenario.detectionMs), () => {
          this.loseBus(member, lastsMs);
        });
        break;
      case 'commands lost':
        this.loseCommands(member, lastsMs);
        break;
      case 'both lost':
        this.loseBus(member, lastsMs);
        this.loseCommands(member, lastsMs + random.int(-20, 20));
        break;
      case 'stall':
        server.stalledUntil = Math.max(server.stalledUntil, scheduler.now + lastsMs);
        break;
      case 'restart':
        server.lose();
        for (const each of this.world.members) {
          this.loseBus(each, lastsMs);
          this.loseCommands(each, lastsMs);
        }
        break;
      case 'handover':
        for (const each of this.world.members) {
          this.loseBus(each, lastsMs);
          this.loseCommands(each, lastsMs);
        }
        break;
      case 'rollback':
        this.rollBack(lastsMs);
        break;
      case 'flush':
        server.flush();
        break;
      case 'tags lost':
        server.loseTags();
        break;
      case 'evict':
        server.unlink(random.pick(scenario.keys).key);
        break;
    }
  }

  /** Everything comes back as it was a while ago; what has been acknowledged since may be undone. */
  private rollBack(lastsMs: number): void {
    const { history, members } = this.world;
    this.saved?.();
    for (const each of members) {
      this.loseBus(each, lastsMs);
      // Commands in flight are lost with their server.
      this.loseCommands(each, lastsMs, 0);
    }
    for (const { author, kills } of history.revive()) {
      const member = members[author] as Member;
      this.acknowledgements.add(member, { kills, isRevived: true });
    }
  }

  private loseBus({ id, bus, link }: Member, lastsMs: number): void {
    bus.lose();
    this.world.scheduler.after(lastsMs, () => {
      // Without the other connection there is no probe; when it is back, it subscribes again.
      if (!link.isConnected) return;
      this.world.note(() => `process ${id}: bus opens`);
      bus.open(this.world.random.int(0, 20));
    });
  }

  private loseCommands({ id, link }: Member, lastsMs: number, survivors = 3): void {
    if (!link.isConnected) return;
    link.lose(this.world.random.int(0, survivors));
    this.world.scheduler.after(lastsMs, () => {
      if (link.isConnected) return;
      this.world.note(() => `process ${id}: commands connected`);
      link.connect();
    });
  }
}
