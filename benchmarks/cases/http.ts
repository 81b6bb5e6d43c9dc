/**
 * The cost of timing: a bare node:http handler, one inline header, npm's `response-time`, and our
 * middleware, which also counts, fills histograms and reports slow requests. And the gain of caching: the
 * example's service over HTTP, and single calls. Each server is a separate process; they
 * run in turn, over keep-alive connections.
 */
import { fire } from '../harness/fire.js';
import { atLeast, type BenchOptions, type Report, type Table } from '../harness/report.js';
import { median, orderOf } from '../harness/rounds.js';
import { Worker } from '../harness/workers.js';
import type { Subject } from './http-server.js';
import { savings } from './savings.js';

const CONNECTIONS = 64;
const ROUNDS = 96;
const ROUNDS_OF_A_SERVER = 24;
/** Short, so that those of a round are compared on a machine that is as busy for all of them. */
const ROUND_SECONDS = 0.2;
const WARM_UP_SECONDS = 1;
const MIDDLEWARE: readonly Subject[] = ['plain', 'inline header', 'response-time', 'aurora-cache'];
const EXAMPLE: readonly Subject[] = ['without cache', 'with cache'];

export async function http(bench: BenchOptions): Promise<Report> {
  const calls = await savings(bench);
  if (!bench.rivals) return { tables: [calls], bars: [] };
  const middleware = await inTurn(MIDDLEWARE, bench.quick ? 1 : ROUNDS, CONNECTIONS, ROUND_SECONDS);
  const example = await inTurn(EXAMPLE, bench.quick ? 1 : 3, 8, 1);
  const rival = MIDDLEWARE.indexOf('response-time');
  const ours = MIDDLEWARE.indexOf('aurora-cache');
  return {
    tables: [
      {
        title: `Requests per second, node:http, ${CONNECTIONS} connections`,
        columns: ['', 'per second', 'of plain', 'of response-time', 'the same per CPU second'],
        rows: MIDDLEWARE.map((subject, i) => [
          subject,
          median(middleware.map((round) => round[i]?.rate ?? NaN)),
          `${ratio(middleware, i, 0, 'rate').toFixed(3)}x`,
          `${ratio(middleware, i, rival, 'rate').toFixed(3)}x`,
          `${ratio(middleware, i, rival, 'perCpu').toFixed(3)}x`,
        ]),
        notes: ['Ratios: median of those of the rounds.'],
      },
      exampleTable(example),
      calls,
    ],
    bars: [
      atLeast('middleware, of response-time', 0.97, ratio(middleware, ours, rival, 'rate')),
      atLeast(
        'middleware, of response-time, per second of processor time',
        0.97,
        ratio(middleware, ours, rival, 'perCpu'),
      ),
    ],
  };
}

interface Measured {
  readonly rate: number;
  /** Requests per second of the server's processor time, which a busy machine does not change. */
  readonly perCpu: number;
  readonly p50: number;
  readonly p99: number;
}

/** The results of each subject by round. */
type Rounds = readonly (readonly Measured[])[];

/**
 * Restarts the servers now and then: the quality of the compiled code differs more between processes
 * than the effect that is measured.
 */
async function inTurn(
  subjects: readonly Subject[],
  rounds: number,
  connections: number,
  seconds: number,
): Promise<Rounds> {
  const found: (readonly Measured[])[] = [];
  while (found.length < rounds) {
    const count = Math.min(ROUNDS_OF_A_SERVER, rounds - found.length);
    found.push(...(await freshServers(subjects, count, connections, seconds)));
  }
  return found;
}

async function freshServers(
  subjects: readonly Subject[],
  rounds: number,
  connections: number,
  seconds: number,
): Promise<Rounds> {
  const servers = await Promise.all(subjects.map((name) => Worker.start('http-server.ts', [name])));
  try {
    const found: Measured[][] = [];
    for (const server of servers) await measure(server, connections, WARM_UP_SECONDS);
    for (let round = 0; round < rounds; round++) {
      const measured: Measured[] = [];
      for (const i of orderOf(servers.length, round)) {
        measured[i] = await measure(servers[i] as Worker, connections, seconds);
      }
      found.push(measured);
    }
    return found;
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

async function measure(server: Worker, connections: number, seconds: number): Promise<Measured> {
  const url = `http://127.0.0.1:${await server.ask<number>('port')}/places/7`;
  const before = await server.ask<number>('cpu');
  const { rate, total, p50, p99 } = await fire(url, { connections, seconds });
  const cpuSeconds = ((await server.ask<number>('cpu')) - before) / 1e6;
  return { rate, perCpu: total / cpuSeconds, p50, p99 };
}

/** Rounds are compared one by one: the machine's speed drifts. */
function ratio(rounds: Rounds, i: number, base: number, what: 'rate' | 'perCpu'): number {
  return median(rounds.map((round) => (round[i]?.[what] ?? NaN) / (round[base]?.[what] ?? NaN)));
}

function exampleTable(rounds: Rounds): Table {
  return {
    title: 'The example over HTTP: eight searches in 135,233 places, 8 connections',
    columns: ['', 'requests per second', 'p50 ms', 'p99 ms'],
    rows: EXAMPLE.map((subject, i) => [
      subject,
      ...(['rate', 'p50', 'p99'] as const).map((what) =>
        median(rounds.map((round) => round[i]?.[what] ?? NaN)),
      ),
    ]),
  };
}
