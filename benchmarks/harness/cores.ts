import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** Where a process may run: on one core, or on all of them. */
export type Cores = 'first' | 'last' | 'any';

/**
 * Keeps a process to one core, or lets it go again. Where two processes take
 * turns, the time of a response is mostly the kernel's choice of cores, which differs from one minute
 * to the next. Without `taskset` (Linux), or with a single core, nothing happens.
 */
export function keepTo(pid: number | undefined, cores: Cores): void {
  const last = availableParallelism() - 1;
  const list = { first: '0', last: String(last), any: `0-${last}` }[cores];
  // With all its threads; a machine that forbids it measures without.
  if (pid !== undefined && last > 0) spawnSync('taskset', ['-acp', list, String(pid)]);
}
