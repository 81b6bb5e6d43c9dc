/**
 * A load test of a whole deployment: nginx, with a generated configuration, in front of three instances of
 * the example, alternately without and with the cache. There are ten clients, as with `siege -c 10`.
 */
import { ExampleServer, stopExamples } from '../../tests/support/example-server.js';
import { Nginx, stopNginx } from '../../tests/support/nginx.js';
import { fire, type Fired } from '../harness/fire.js';
import { atLeast, type BenchOptions, type Report } from '../harness/report.js';
import { median } from '../harness/rounds.js';

const INSTANCES = 3;
const CONNECTIONS = 10;
const PATHS = [
  ...['ber', 'par', 'san', 'new'].map((prefix) => `/search?q=${prefix}`),
  ...['DE', 'FR', 'JP', 'BR'].map((code) => `/countries/${code}/statistics`),
  ...['lat=52.52&lng=13.41', 'lat=48.86&lng=2.35'].map((point) => `/nearest?${point}`),
];
const SUBJECTS = ['without cache', 'with cache'] as const;

export async function load({ quick, rivals }: BenchOptions): Promise<Report> {
  if (!rivals) return { tables: [], bars: [] };
  try {
    const fleets = [await fleet(['--no-cache']), await fleet([])];
    const rounds: Fired[][] = [];
    for (let round = 0; round < (quick ? 1 : 3); round++) {
      const measured: Fired[] = [];
      for (const { url } of fleets) {
        measured.push(
          await fire(url, { connections: CONNECTIONS, seconds: quick ? 1 : 4, paths: PATHS }),
        );
      }
      rounds.push(measured);
    }
    const figure = (i: number, what: 'rate' | 'p50' | 'p99'): number =>
      median(rounds.map((round) => round[i]?.[what] ?? NaN));
    const faster = figure(1, 'rate') / figure(0, 'rate');
    return {
      tables: [
        {
          title: `The example through nginx: ${INSTANCES} instances, ${CONNECTIONS} clients`,
          columns: ['', 'requests per second', 'p50 ms', 'p99 ms', ''],
          rows: SUBJECTS.map((subject, i) => [
            subject,
            ...(['rate', 'p50', 'p99'] as const).map((what) => figure(i, what)),
            `${(figure(i, 'rate') / figure(0, 'rate')).toFixed(0)}x`,
          ]),
          notes: ['Searches, statistics and neighbours among 135,233 places, ten different ones.'],
        },
      ],
      bars: [atLeast('a deployment with the cache, of one without', 10, faster)],
    };
  } finally {
    await stopNginx();
    await stopExamples();
  }
}

/** nginx in front of instances that were started with these options. */
async function fleet(words: readonly string[]): Promise<Nginx> {
  const started = Array.from({ length: INSTANCES }, () => ExampleServer.start(words));
  const servers = (await Promise.all(started)).map(({ port }) => `127.0.0.1:${port}`);
  return await Nginx.start({ upstreams: [{ name: 'places', strategy: 'least_conn', servers }] });
}
