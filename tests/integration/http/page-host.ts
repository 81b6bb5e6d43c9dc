import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { Cached, CacheManager, Timed, type CacheOptions } from 'aurora-cache';
import {
  bearerToken,
  createPerformanceApi,
  performanceMiddleware,
  toNodeListener,
  type PerformanceApiOptions,
} from 'aurora-cache/http';
import type { Browser, Page } from 'playwright-core';

import { launchBrowser, visit, type Visit } from '../../support/browser.js';
import { PATIENCE_MS } from '../../support/until.js';

export const TOKEN = 'correct horse';
export const MARKUP = '<img src=x onerror=executed=1>';

let browser: Browser;
const closing: (() => unknown)[] = [];

/** Has a browser for the tests of a file; what they open is closed after each. */
export function useBrowser(): void {
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });
  afterAll(() => browser.close());
}

/** Opens an address; the page is closed after the test. */
export async function load(address: string, options?: Parameters<typeof visit>[2]): Promise<Visit> {
  const visited = await visit(browser, address, options);
  closing.push(() => visited.page.context().close());
  return visited;
}

/** A small service, with its page. */
export class Service {
  private constructor(
    readonly server: Server,
    readonly cache: CacheManager,
    private readonly basePath: string,
  ) {}

  static async start(
    options: Omit<PerformanceApiOptions, 'cache'> = {},
    cacheOptions: CacheOptions = {},
  ): Promise<Service> {
    const cache = new CacheManager({ name: 'shop', ...cacheOptions });
    const api = createPerformanceApi({
      cache,
      authorize: bearerToken(TOKEN),
      fleetInterval: '200ms',
      slowRequestThreshold: '20ms',
      ...options,
    });
    const products = productsOn(cache);
    const time = performanceMiddleware({
      api,
      // A pattern may be any text: here, the URL itself.
      route: ({ url = '' }) => (url.includes('slow') ? url : '/product/:id'),
    });
    const routes = toNodeListener(api);
    const server = createServer((request, response) => {
      time(request, response);
      routes(request, response, () => {
        const path = request.url ?? '';
        const work = path.includes('slow') ? new Reports().make() : products.find(path);
        void work.then(
          () => response.end('ok'),
          () => response.writeHead(500).end(),
        );
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await api.close();
      await cache.close();
    });
    return new Service(server, cache, options.basePath ?? '/api/performance');
  }

  get origin(): string {
    return `http://127.0.0.1:${String((this.server.address() as AddressInfo).port)}`;
  }

  get page(): string {
    return `${this.origin}${this.basePath}/`;
  }

  /** Calls it, with one path after the other. */
  async call(...paths: string[]): Promise<void> {
    for (const path of paths) await (await fetch(`${this.origin}/${path}`)).text();
  }
}

class Reports {
  @Timed()
  make(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, 40));
  }
}

function productsOn(cache: CacheManager) {
  class Products {
    @Cached({ cache, keyPrefix: 'product' })
    find(path: string): Promise<string> {
      return path.includes('bad') ? Promise.reject(new Error('bad')) : Promise.resolve(path);
    }
    @Cached({ cache, keyPrefix: MARKUP })
    [MARKUP](): Promise<number> {
      return Promise.resolve(1);
    }
  }
  const products = new Products();
  void products[MARKUP]();
  return products;
}

export const text = (page: Page, id: string): Promise<string> => page.locator(`#${id}`).innerText();

/** Waits until the page shows it; the page polls every two seconds. */
export async function shows(page: Page, id: string, wanted: string | RegExp): Promise<void> {
  await page
    .locator(`#${id}`, { hasText: wanted })
    .waitFor({ timeout: PATIENCE_MS })
    .catch(async () => {
      throw new Error(`#${id} shows '${await text(page, id)}', not ${String(wanted)}`);
    });
}

export async function open(
  service: Service,
  options?: Parameters<typeof visit>[2],
): Promise<Visit> {
  const visited = await load(service.page, options);
  await shows(visited.page, 'live-text', 'Live');
  return visited;
}

/** Fills in the form, and confirms or cancels the dialog. */
export async function clear(
  page: Page,
  pattern: string,
  token: string,
  answer = 'Clear',
): Promise<void> {
  await page.getByLabel('Pattern of keys').fill(pattern);
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', { name: 'Clear…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText(pattern, { exact: true }).waitFor();
  await dialog.getByRole('button', { name: answer, exact: true }).click();
  await dialog.waitFor({ state: 'hidden' });
}
