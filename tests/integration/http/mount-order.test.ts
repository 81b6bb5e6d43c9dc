import type { AddressInfo } from 'node:net';
import { All, Controller, ForbiddenException, Module, Req, Res } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { CacheManager } from 'aurora-cache';
import {
  createPerformanceApi,
  fastifyPerformance,
  performanceMiddleware,
  toNodeListener,
  type PerformanceApi,
} from 'aurora-cache/http';
import express, { type RequestHandler } from 'express';
import fastify, { type FastifyInstance } from 'fastify';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

import { until } from '../../support/redis/server.js';
import { listening } from './frameworks.js';

// docs/http.md describes both orders: mounted before a login, the routes bypass it and all requests
// are timed; mounted after it, the login protects them.

let api: PerformanceApi;
beforeEach(() => {
  api = createPerformanceApi({ cache: new CacheManager() });
});
afterEach(() => api.close());

async function seen(url: string): Promise<{ stats: number; health: number; timed: number }> {
  const status = async (path: string): Promise<number> => {
    const response = await fetch(`${url}/api/performance/${path}`);
    await response.arrayBuffer();
    return response.status;
  };
  const before = api.requests.total;
  expect((await fetch(`${url}/elsewhere`)).status).toBe(401);
  await until('it has ended', async () => api.requests.inFlight === 0);
  const timed = api.requests.total - before;
  return { stats: await status('stats'), health: await status('health'), timed };
}

const inFront = { stats: 200, health: 200, timed: 1 };

describe('a login hook of Fastify', () => {
  async function start(order: 'in front' | 'behind'): Promise<FastifyInstance> {
    const app = fastify();
    if (order === 'in front') await app.register(fastifyPerformance({ api }));
    app.addHook('onRequest', async (_request, reply) => {
      await reply.code(401).send('log in');
    });
    if (order === 'behind') await app.register(fastifyPerformance({ api }));
    return app;
  }

  it('does not protect routes that were registered before it', async () => {
    const app = await start('in front');
    expect(await seen(await app.listen({ port: 0, host: '127.0.0.1' }))).toEqual(inFront);
    await app.close();
  });

  it('protects routes that are registered after it, and then hides what it refuses', async () => {
    const app = await start('behind');
    expect(await seen(await app.listen({ port: 0, host: '127.0.0.1' }))).toEqual({
      ...{ stats: 401, health: 401, timed: 0 },
    });
    await app.close();
  });
});

describe('a login of Express', () => {
  it('protects routes that are mounted after it; what it refuses is timed all the same', async () => {
    const app = express();
    const login: RequestHandler = (_request, response) => void response.status(401).send('log in');
    app.use(performanceMiddleware({ api }), login, toNodeListener(api));
    const service = await listening(createServer(app));
    expect(await seen(service.url)).toEqual({ stats: 401, health: 401, timed: 1 });
    await service.close();
  });
});

describe('a guard of NestJS', () => {
  class Guard {
    canActivate(): boolean {
      throw Object.assign(new ForbiddenException(), { getStatus: () => 401 });
    }
  }

  async function start(
    routes: 'middleware' | 'controller',
  ): Promise<[string, () => Promise<void>]> {
    const listen = toNodeListener(api);
    class Performance {
      serve(request: IncomingMessage, response: ServerResponse): void {
        listen(request, response);
      }
    }
    // By hand: the decorators are for the other decorator mode.
    const { prototype } = Performance;
    All(['', '*path'])(prototype, 'serve', Object.getOwnPropertyDescriptor(prototype, 'serve')!);
    Req()(prototype, 'serve', 0);
    Res()(prototype, 'serve', 1);
    Controller('api/performance')(Performance);
    class Elsewhere {
      serve(): string {
        return 'elsewhere';
      }
    }
    All('elsewhere')(
      ...([Elsewhere.prototype, 'serve'] as const),
      Object.getOwnPropertyDescriptor(Elsewhere.prototype, 'serve')!,
    );
    Controller()(Elsewhere);
    class App {}
    Module({
      controllers: routes === 'controller' ? [Performance, Elsewhere] : [Elsewhere],
      providers: [{ provide: APP_GUARD, useClass: Guard }],
    })(App);
    const app = await NestFactory.create(App, { logger: false });
    app.use(performanceMiddleware({ api }));
    if (routes === 'middleware') app.use(listen);
    await app.listen(0, '127.0.0.1');
    const server = app.getHttpServer() as Server;
    const close = async (): Promise<void> => {
      server.closeAllConnections();
      await app.close();
    };
    return [`http://127.0.0.1:${(server.address() as AddressInfo).port}`, close];
  }

  it('does not protect routes that are a middleware, wherever it is mounted', async () => {
    const [url, close] = await start('middleware');
    expect(await seen(url)).toEqual(inFront);
    await close();
  });

  it('protects routes that are served by a controller', async () => {
    const [url, close] = await start('controller');
    expect(await seen(url)).toEqual({ stats: 401, health: 401, timed: 1 });
    await close();
  });
});
