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
const SECONDS = 2;
const ROUNDS = 9;
const SUBJECTS: readonly Subject[] = ['plain', 'inline header', 'response-time', 'aurora-cache'];

export async function http(): Promise<void> {
  const servers = await Promise.all(SUBJECTS.map(start));
  try {
    const rates = SUBJECTS.map((): number[] => []);
    // One round to warm up the compiler.
    for (let round = -1; round < ROUNDS; round++) {
      // Each goes first now and then: a machine that slows down must not always slow the same.
      for (let turn = 0; turn < SUBJECTS.length; turn++) {
        const i = (turn + Math.max(0, round)) % SUBJECTS.length;
        const rate = await measure(servers[i]?.port ?? 0);
        if (round >= 0) rates[i]?.push(rate);
      }
    }
    report(rates);
  } finally {
    for (const { child } of servers) child.kill();
  }
}

async function start(subject: Subject): Promise<{ child: ChildProcess; port: number }> {
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

async function measure(port: number): Promise<number> {
  const url = `http://127.0.0.1:${String(port)}/places/7`;
  const { requests, non2xx, errors } = await autocannon({
    ...{ url, connections: CONNECTIONS, duration: SECONDS, workers: 2 },
  });
  if (non2xx + errors > 0) throw new Error(`${String(non2xx + errors)} requests failed`);
  return requests.average;
}

/** Rounds are compared one by one: the machine's speed drifts. */
function report(rates: readonly (readonly number[])[]): void {
  const ratios = (base: number): string[] =>
    rates.map((mine) => median(mine.map((rate, i) => rate / (rates[base]?.[i] ?? NaN))).toFixed(3));
  const toPlain = ratios(0);
  const toRival = ratios(SUBJECTS.indexOf('response-time'));
  console.log(`\nRequests per second, node:http, ${String(CONNECTIONS)} connections\n`);
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
