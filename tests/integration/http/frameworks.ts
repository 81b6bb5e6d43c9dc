import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { getRequestListener } from '@hono/node-server';
import Router from '@koa/router';
import { Controller, Get, Module, Param, Res } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  fastifyPerformance,
  honoPerformance,
  koaPerformance,
  performanceMiddleware,
  toNodeListener,
  type TimingOptions,
} from 'aurora-cache/http';
import express5 from 'express';
import express4 from 'express4';
import fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import { Readable as NodeReadable } from 'node:stream';

// The same small service in every framework: GET /items/:id returns the id after `work`;
// /boom fails, /stream sends two chunks, 60 ms apart.

export interface Service {
  readonly url: string;
  close(): Promise<void>;
}

interface ServiceOptions extends Omit<TimingOptions, 'skip'> {
  /** A part of the URLs that are left out. */
  readonly skipped?: string;
  readonly work?: (id: string) => Promise<unknown>;
}

type Start = (options: ServiceOptions) => Promise<Service>;

export const PAUSE_MS = 60;
/** Between the chunks of `/stream`; a test of a client that disconnects needs time for that. */
export const stream = { pauseMs: PAUSE_MS };

function chunks(): Readable {
  return NodeReadable.from(
    (async function* () {
      yield Buffer.from('first ');
      await sleep(stream.pauseMs);
      yield Buffer.from('second');
    })(),
  );
}

function split({ work = () => Promise.resolve(), skipped, ...rest }: ServiceOptions) {
  const skip = ({ url = '' }: { readonly url?: string | undefined }): boolean =>
    skipped !== undefined && url.includes(skipped);
  const timing = { ...rest, skip };
  return { work, timing, api: timing.api };
}

/** An event, and then nothing until the client has enough. */
function events(): Readable {
  return NodeReadable.from(
    (async function* () {
      yield Buffer.from('data: first\n\n');
      await new Promise(() => undefined);
    })(),
  );
}

const EVENTS = 'text/event-stream';

export async function listening(server: Server): Promise<Service> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const serve = (listener: RequestListener): Promise<Service> => listening(createServer(listener));

function onExpress(express: typeof express5): Start {
  return (options) => {
    const { work, timing, api } = split(options);
    const app = express();
    app.use(performanceMiddleware(timing));
    app.use(toNodeListener(api));
    app.get('/items/:id', (request, response, next) => {
      // Express 4 does not wait for promises.
      work(request.params.id).then(() => response.send(request.params.id), next);
    });
    app.get('/boom', () => {
      throw new Error('boom');
    });
    app.get('/stream', (_, response) => void chunks().pipe(response));
    app.get('/pages/:token', (_, response) => void chunks().pipe(response));
    app.get('/events', (_, response) => void events().pipe(response.type(EVENTS)));
    app.use(((_error, _request, response, _next) => {
      response.status(500).send('boom');
    }) as express5.ErrorRequestHandler);
    return serve(app);
  };
}

export const frameworks: Readonly<Record<string, Start>> = {
  'node:http': (options) => {
    const { work, timing, api } = split(options);
    const time = performanceMiddleware({
      ...timing,
      route: ({ url = '' }) => (url.startsWith('/items/') ? '/items/:id' : undefined),
    });
    const routes = toNodeListener(api);
    return serve((request, response) => {
      time(request, response);
      const [, id] = /^\/items\/([^?]*)/.exec(request.url ?? '') ?? [];
      if (id !== undefined) void work(id).then(() => response.end(id));
      else if (request.url === '/events') {
        response.writeHead(200, { 'Content-Type': EVENTS });
        events().pipe(response);
      } else if (request.url === '/boom') response.writeHead(500).end('boom');
      else if (/^\/(?:stream|pages\/.*)$/.test(request.url ?? '')) chunks().pipe(response);
      else routes(request, response);
    });
  },

  'Express 4': onExpress(express4),
  'Express 5': onExpress(express5),

  'Fastify 5': async (options) => {
    const { work, timing } = split(options);
    const app = fastify();
    await app.register(fastifyPerformance(timing));
    app.get<{ Params: { id: string } }>('/items/:id', async ({ params: { id } }) => {
      await work(id);
      return id;
    });
    app.get('/boom', async () => {
      throw new Error('boom');
    });
    app.get('/stream', (_, reply) => reply.send(chunks()));
    app.get('/pages/:token', (_, reply) => reply.send(chunks()));
    app.get('/events', (_, reply) => reply.type(EVENTS).send(events()));
    const url = await app.listen({ port: 0, host: '127.0.0.1' });
    return {
      url,
      async close() {
        app.server.closeAllConnections();
        await app.close();
      },
    };
  },

  'Koa 3': (options) => {
    const { work, timing } = split(options);
    const app = new Koa();
    app.silent = true;
    const router = new Router();
    app.use(koaPerformance(timing));
    router.get('/items/:id', async (context) => {
      const id = String(context['params']['id']);
      await work(id);
      context.body = id;
    });
    router.get('/boom', () => {
      throw new Error('boom');
    });
    router.get('/events', (context) => {
      context.type = EVENTS;
      context.body = events();
    });
    for (const path of ['/stream', '/pages/:token']) {
      router.get(path, (context) => {
        context.body = chunks();
      });
    }
    app.use(router.routes() as Koa.Middleware);
    const answer = app.callback();
    return serve((request, response) => void answer(request, response));
  },

  Hono: (options) => {
    const { work, timing } = split(options);
    const app = new Hono();
    app.use(honoPerformance(timing));
    app.get('/items/:id', async (context) => {
      await work(context.req.param('id'));
      return context.text(context.req.param('id'));
    });
    app.get('/boom', () => {
      throw new Error('boom');
    });
    app.get('/events', (context) => {
      context.header('Content-Type', EVENTS);
      return context.body(NodeReadable.toWeb(events()) as unknown as ReadableStream);
    });
    for (const path of ['/stream', '/pages/:token']) {
      app.get(path, (context) =>
        context.body(NodeReadable.toWeb(chunks()) as unknown as ReadableStream),
      );
    }
    app.onError((_, context) => context.text('boom', 500));
    const answer = getRequestListener(app.fetch);
    return serve((request, response) => void answer(request, response));
  },

  'NestJS 11': async (options) => {
    const { work, timing, api } = split(options);
    class Items {
      async item(id: string): Promise<string> {
        await work(id);
        return id;
      }
      boom(): never {
        throw new Error('boom');
      }
      stream(response: express5.Response): void {
        chunks().pipe(response);
      }
      page(response: express5.Response): void {
        chunks().pipe(response);
      }
      events(response: express5.Response): void {
        events().pipe(response.type(EVENTS));
      }
    }
    // By hand: the decorators are for the other decorator mode.
    const route = (path: string, name: keyof Items): void => {
      Get(path)(Items.prototype, name, Object.getOwnPropertyDescriptor(Items.prototype, name)!);
    };
    route('items/:id', 'item');
    route('boom', 'boom');
    route('stream', 'stream');
    route('pages/:token', 'page');
    route('events', 'events');
    Param('id')(Items.prototype, 'item', 0);
    Res()(Items.prototype, 'stream', 0);
    Res()(Items.prototype, 'page', 0);
    Res()(Items.prototype, 'events', 0);
    Controller()(Items);
    class App {}
    Module({ controllers: [Items] })(App);
    const app = await NestFactory.create(App, { logger: false });
    app.use(performanceMiddleware(timing));
    app.use(toNodeListener(api));
    await app.listen(0, '127.0.0.1');
    return {
      url: (await app.getUrl()).replace('[::1]', '127.0.0.1'),
      async close() {
        (app.getHttpServer() as Server).closeAllConnections();
        await app.close();
      },
    };
  },
};
