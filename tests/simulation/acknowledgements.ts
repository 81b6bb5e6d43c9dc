import type { Kill } from './history.js';
import { pendingOf, type Member, type World } from './world.js';

interface Unconfirmed {
  readonly kills: readonly Kill[];
  readonly free?: () => void;
  /** Whether the store had confirmed them once, and went back to a state from before. */
  readonly isRevived?: boolean;
}

/** Determines when an invalidation is acknowledged, so that no process may serve the old value. */
export class Acknowledgements {
  /** By process, what its store has not confirmed yet. */
  private readonly unconfirmed = new Map<Member, Unconfirmed[]>();

  constructor(private readonly world: World) {}

  add(member: Member, write: Unconfirmed): void {
    this.unconfirmed.set(member, [...(this.unconfirmed.get(member) ?? []), write]);
  }

  /** Versions confirmed by the stores since the last check are dead for all processes. */
  confirm(): boolean {
    if (this.unconfirmed.size === 0) return false;
    for (const [member, writes] of this.unconfirmed) {
      if (pendingOf(member) > 0) continue;
      if (writes.some(({ isRevived }) => isRevived) && !this.hasCaughtUp(member)) continue;
      this.unconfirmed.delete(member);
      for (const { kills, free } of writes) {
        this.world.note(
          () => `acknowledged: ${kills.map((one) => `${one.key} v${one.version}`).join(' ')}`,
        );
        this.world.history.killForAll(kills, member.id);
        free?.();
        for (const { key } of kills) this.world.checker.checkServer(this.world.server, key);
      }
    }
    return false;
  }

  /** Whether a process has done again what the store had forgotten, and all have heard of it. */
  private hasCaughtUp({ link, core }: Member): boolean {
    const { highestFloor } = this.world.server;
    return (
      link.isConnected &&
      core.shared?.isCurrent === true &&
      this.world.members.every(
        ({ store }) => (store.coordinator?.history.floor ?? 0) >= highestFloor,
      )
    );
  }
}
