import { herd } from './herd.js';
import type { News, Order } from './protocol.js';
import { Run } from './run.js';

// One process of the fleet: does what its parent says, by messages.

const runs = new Map<string, Run>();

function say(news: News): void {
  process.send?.(news);
}

function runOf(name: string): Run {
  const run = runs.get(name);
  if (run === undefined) throw new Error(`No run ${name}.`);
  return run;
}

async function obey(order: Order): Promise<unknown> {
  switch (order.kind) {
    case 'open': {
      const run = new Run(order.spec, order.worker, order.processes);
      runs.set(order.run, run);
      return await run.open();
    }
    case 'run':
      return await runOf(order.run).run();
    case 'report':
      return runOf(order.run).report();
    case 'finish':
      runOf(order.run).finish();
      return undefined;
    case 'hears':
      return runOf(order.run).hears;
    case 'crashed':
      return await runOf(order.run).crashed(order.port);
    case 'caught':
      return runOf(order.run).hasCaughtUp;
    case 'settle':
      return await runOf(order.run).atRest.settle();
    case 'beacons':
      return await runOf(order.run).atRest.readBeacons();
    case 'beacon':
      return await runOf(order.run).atRest.removeBeacon();
    case 'inspect':
      return await runOf(order.run).atRest.inspect();
    case 'close':
      await runOf(order.run).close();
      runs.delete(order.run);
      return undefined;
    case 'herd':
      return await herd(order.spec, () => {
        say({ kind: 'loading' });
      });
  }
}

process.on('message', (order: Order) => {
  obey(order).then(
    (answer) => {
      say({ kind: 'answer', id: order.id, answer });
    },
    (error: unknown) => {
      const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
      say({ kind: 'failure', id: order.id, reason });
    },
  );
});
// An orphan ends.
process.on('disconnect', () => {
  process.exit();
});
say({ kind: 'ready' });
