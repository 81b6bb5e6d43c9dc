/**
 * What timing costs: a bare node:http handler, one inline header, npm's `response-time`, and our
 * middleware, which counts, fills histograms and watches for slow requests besides. Each is a
 * process of its own; they run in turn, over keep-alive connections.
 *
 *     npm run bench -- http
 */
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import autocannon from 'autocannon';

import type { Subject } from './http-server.js';

const CONNECTIONS = 64;
const SECONDS = 1;
const ROUNDS = 21;
const SUBJECTS: readonly Subject[] = ['plain', 'inline header', 'response-time', 'aurora-cache'];

export async function http(): Promise<void> {
  const servers = await Promise.all(SUBJECTS.map(start));
  try {
    const rates = SUBJECTS.map((): number[] => []);
    const perCpu = SUBJECTS.map((): number[] => []);
    // One round to warm up the compiler.
    for (let round = -1; round < ROUNDS; round++) {
      // Each goes first now and then: a machine that slows down must not always slow the same.
      for (let turn = 0; turn < SUBJECTS.length; turn++) {
        const i = (turn + Math.max(0, round)) % SUBJECTS.length;
        const { rate, perCpuSecond } = await measure(servers[i] as Server);
        if (round < 0) continue;
        rates[i]?.push(rate);
        perCpu[i]?.push(perCpuSecond);
      }
    }
    report('as the clients see it', rates);
    report("per second of the server's processor time", perCpu);
  } finally {
    for (const { child } of servers) child.kill();
  }
}

interface Server {
  readonly child: ChildProcess;
  readonly port: number;
}

async function start(subject: Subject): Promise<Server> {
  const server = fileURLToPath(new URL('http-server.ts', import.meta.url));
  const child = fork(server, [subject], { execArgv: process.execArgv });
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', () => {
      reject(new Error(`The server '${subject}' did not start.`));
    });
  });
  return { child, port };
}

/** On a machine that is busy otherwise, the processor time is what can be relied on. */
async function measure({ child, port }: Server): Promise<{ rate: number; perCpuSecond: number }> {
  const url = `http://127.0.0.1:${String(port)}/places/7`;
  const before = await cpuSeconds(child);
  const { requests, non2xx, errors } = await autocannon({
    ...{ url, connections: CONNECTIONS, duration: SECONDS },
  });
  const seconds = (await cpuSeconds(child)) - before;
  if (non2xx + errors > 0) throw new Error(`${String(non2xx + errors)} requests failed`);
  return { rate: requests.average, perCpuSecond: requests.total / seconds };
}

async function cpuSeconds(child: ChildProcess): Promise<number> {
  const answer = new Promise<number>((resolve) => child.once('message', resolve));
  child.send('cpu');
  return (await answer) / 1e6;
}

/** Rounds are compared one by one: the machine's speed drifts. */
function report(title: string, rates: readonly (readonly number[])[]): void {
  const ratios = (base: number): string[] =>
    rates.map((mine) => median(mine.map((rate, i) => rate / (rates[base]?.[i] ?? NaN))).toFixed(3));
  const toPlain = ratios(0);
  const toRival = ratios(SUBJECTS.indexOf('response-time'));
  console.log(`\nRequests per second, node:http, ${String(CONNECTIONS)} connections: ${title}\n`);
  console.log(`${''.padEnd(14)}  median   of plain  of response-time`);
  for (const [i, subject] of SUBJECTS.entries()) {
    const rate = median(rates[i] ?? []).toFixed(0);
    console.log(
      `${subject.padEnd(14)}  ${rate.padStart(6)}   ${toPlain[i] ?? ''}×    ${toRival[i] ?? ''}×`,
    );
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
