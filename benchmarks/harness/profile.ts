import { Session, type Profiler } from 'node:inspector';
import { basename } from 'node:path';

import type { BenchOptions, Table } from './report.js';

const ROWS = 14;
const INTERVAL_US = 100;

/** Where the processor's time goes while something runs: what `node --cpu-prof` writes, in words. */
export async function profiled(
  title: string,
  work: () => unknown,
  { quick }: BenchOptions,
): Promise<Table> {
  const session = new Session();
  session.connect();
  const post = <T>(method: string, parameters?: object): Promise<T> =>
    new Promise((resolve, reject) => {
      session.post(method, parameters, (error, answer) => {
        if (error === null) resolve(answer as T);
        else reject(error);
      });
    });
  await post('Profiler.enable');
  await post('Profiler.setSamplingInterval', { interval: INTERVAL_US });
  await post('Profiler.start');
  const end = performance.now() + (quick ? 5 : 1000);
  while (performance.now() < end) await work();
  const { profile } = await post<Profiler.StopReturnType>('Profiler.stop');
  session.disconnect();
  return { title, columns: ['function', 'where', 'self time'], rows: rowsOf(profile) };
}

function rowsOf({ nodes, timeDeltas = [], samples = [] }: Profiler.Profile): string[][] {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const times = new Map<string, number>();
  for (const [i, id] of samples.entries()) {
    const frame = frames.get(id);
    if (frame === undefined) continue;
    const { functionName, url, lineNumber } = frame;
    const place = url === '' ? 'V8' : `${placeOf(url)}:${lineNumber + 1}`;
    const label = `${functionName || '(anonymous)'}\n${place}`;
    times.set(label, (times.get(label) ?? 0) + (timeDeltas[i] ?? 0));
  }
  const total = [...times.values()].reduce((sum, time) => sum + time, 0);
  return [...times]
    .sort(([, a], [, b]) => b - a)
    .slice(0, ROWS)
    .map(([label, time]) => [...label.split('\n'), `${((100 * time) / total).toFixed(1)} %`]);
}

/** The package and file, without the folders of this machine. */
function placeOf(url: string): string {
  const [path = ''] = url.split('?');
  const inPackage = /node_modules\/((?:@[^/]+\/)?[^/]+\/.*)$/.exec(path)?.[1];
  return inPackage ?? /((?:dist|src|benchmarks)\/.*)$/.exec(path)?.[1] ?? basename(path);
}
