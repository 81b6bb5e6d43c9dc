import { inspect } from 'node:util';

import type { Acknowledgements } from './acknowledgements.js';
import { versionOf, type Row } from './checker.js';
import type { Deeds } from './deeds.js';
import { pendingOf, type World } from './world.js';

/** Whether everything is well again at the end, and all agree. */
export class Recovery {
  constructor(
    private readonly world: World,
    private readonly acknowledgements: Acknowledgements,
    private readonly deeds: Deeds,
  ) {}

  /** Whether every process has recovered from what went wrong. */
  isWell(): boolean {
    return this.world.members.every((member) => {
      const { core, link, bus } = member;
      const { shared } = core;
      if (!core.enabled) return pendingOf(member) === 0;
      return (
        link.isConnected &&
        bus.isListening &&
        shared?.breakerState === 'closed' &&
        shared.pending === 0 &&
        shared.isCurrent
      );
    });
  }

  health(): string {
    return this.world.members
      .map(({ id, core, link, bus }) => {
        const { breakerState, pending, isCurrent } = core.shared ?? {};
        return `process ${id} ${inspect({ connected: link.isConnected, listening: bus.isListening, breakerState, pending, isCurrent })}`;
      })
      .join(', ');
  }

  /** Lets what is under way arrive: messages, and what is done in the background. */
  async settle(): Promise<void> {
    const { scheduler, checker, scenario } = this.world;
    const end = scheduler.now + checker.longestCallMs + scenario.busMs + scenario.detectionMs;
    await scheduler.run(end, () => this.acknowledgements.confirm());
  }

  /** Each process reads the newest versions, and its tiers hold them. */
  async checkAgreement(): Promise<void> {
    const { checker, history, server, scenario, members } = this.world;
    this.world.note(() => 'all is quiet');
    for (const { key } of scenario.keys) checker.checkKept(server, key);
    for (const kind of ['get', 'getOrSet'] as const) {
      for (const member of members) {
        for (const { key } of scenario.keys) void this.deeds.perform(member, { kind, key });
      }
      await this.settle();
    }
    if (this.world.open > 0) checker.fail(`${this.world.open} calls have not settled at the end`);
    for (const { key } of scenario.keys) {
      const newest = history.version(key);
      const there = versionOf(server, key) ?? newest;
      if (there !== newest) checker.fail(`at the end the store has ${key} v${there}`);
      for (const { id, core } of members) {
        const entry = core.trust.canUseMemory ? core.memory?.find(key) : undefined;
        const held = (entry?.value as Row | undefined)?.version ?? newest;
        if (held !== newest) checker.fail(`at the end process ${id} has ${key} v${held} in memory`);
      }
    }
    for (const { id, core } of members) {
      const left = { fences: core.invalidation.fences.size, flights: core.loads.size };
      const more = { writes: core.writes.size, waiters: core.waiters.size };
      const all = { ...left, ...more };
      if (Object.values(all).some((size) => size > 0)) {
        checker.fail(`at the end process ${id} has left ${JSON.stringify(all)}`);
      }
    }
  }
}
