/** One server of the benchmark `http`: which one, the command line says; its port goes to the parent. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createPerformanceApi, performanceMiddleware } from 'aurora-cache/http';
import responseTime from 'response-time';

const BODY = JSON.stringify({ id: 7, name: 'Berlin', population: 3_426_354 });

const answer: RequestListener = (_, response) => {
  response.setHeader('Content-Type', 'application/json');
  response.end(BODY);
};

const rival = responseTime();
const ours = performanceMiddleware({ api: createPerformanceApi() });

const subjects = {
  plain: answer,
  'inline header': (request, response) => {
    const start = performance.now();
    response.setHeader('X-Response-Time', `${((performance.now() - start) / 1000).toFixed(3)}s`);
    void answer(request, response);
  },
  'response-time': (request, response) => {
    rival(request, response, () => void answer(request, response));
  },
  'aurora-cache': (request, response) => {
    ours(request, response, () => void answer(request, response));
  },
} as const satisfies Record<string, RequestListener>;

export type Subject = keyof typeof subjects;

const server = createServer(subjects[process.argv[2] as Subject]);
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.(user + system);
});
process.once('disconnect', () => process.exit());
