import { cached } from 'aurora-cache';
import type { Page, Route } from 'playwright-core';

import { screenshot } from '../../support/browser.js';
import { Nginx, stopNginx } from '../../support/nginx.js';
import { clear, load, open, Service, shows, text, TOKEN, useBrowser } from './page-host.js';

useBrowser();
afterAll(stopNginx);

const json =
  (body: unknown, status = 200) =>
  (route: Route) =>
    route.fulfill({ status, contentType: 'application/json', body: JSON.stringify(body) });
const html = (status: number) => (route: Route) =>
  route.fulfill({ status, contentType: 'text/html', body: '<h1>nginx</h1>' });

/** Of the page as a whole; nothing in it may reach over its edge. */
const isTooWide = (page: Page): Promise<boolean> =>
  page.evaluate('document.documentElement.scrollWidth > innerWidth');

/** Elements whose text does not fit into them. */
const overflowing = (page: Page): Promise<string[]> =>
  page.evaluate(`[...document.querySelectorAll('.figure, .quiet, dd, .legend')]
    .filter((one) => one.scrollWidth > one.clientWidth + 1)
    .map((one) => one.id + ': ' + one.textContent)`);

/** Whether a chart has drawn anything in the colour of its first line. */
const isDrawn = (page: Page, chart: string): Promise<boolean> =>
  page.evaluate<boolean>(`(() => {
    const canvas = document.querySelector('#${chart} canvas');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    for (let i = 0; i < data.length; i += 4) {
      if (data[i] === 8 && data[i + 1] === 117 && data[i + 2] === 90 && data[i + 3] === 255) return true;
    }
    return false;
  })()`);

/** An nginx as people write it by hand. */
function proxied(location: string): Promise<Nginx> {
  return Nginx.run(
    ({ port, errorLog, pidFile }) => `
      pid ${pidFile}; error_log ${errorLog}; events {}
      http { access_log off; server { listen 127.0.0.1:${String(port)}; ${location} } }`,
  );
}

describe('the page behind something else', () => {
  it.each<[string, (route: Route) => Promise<void>, string, string]>([
    ['a page of an error', html(502), 'Not reachable', '502'],
    ['a page of another service', html(200), 'Not reachable', 'not JSON'],
    ['a sign-in of a proxy', html(401), 'Refused', '401'],
    ['an error of another shape', json({ error: 'Not Found' }, 404), 'Not reachable', '404'],
    ['nothing but null', json(null, 500), 'Not reachable', '500'],
  ])('says so when the response is %s, and goes on', async (_, answer, state, notice) => {
    const service = await Service.start();
    const { page, complaints } = await open(service);
    await page.route('**/stats?*', answer);
    await shows(page, 'live-text', state);
    await shows(page, 'notice', notice);
    await page.unroute('**/stats?*');
    await shows(page, 'live-text', 'Live');
    await page.locator('#notice').waitFor({ state: 'hidden' });
    expect(complaints.filter((one) => !one.startsWith('Failed to load resource'))).toEqual([]);
  });

  it.each([
    ['kept', '/api/performance/', '/api/performance/'],
    ['replaced', '/ops/cache/', '/api/performance/'],
    ['stripped', '/shop/', '/'],
  ])('works behind an nginx, its prefix %s', async (_, outside, inside) => {
    const service = await Service.start();
    const nginx = await proxied(
      `location ${outside} { proxy_pass ${service.origin}${inside}; proxy_set_header Host $http_host; }`,
    );
    await service.call('a', 'b');
    const { page, complaints } = await load(
      nginx.url + outside + (inside === '/' ? 'api/performance' : ''),
    );
    await shows(page, 'live-text', 'Live');
    await shows(page, 't-hit-note', 'of 3 reads');
    await clear(page, 'product:*', TOKEN);
    await shows(page, 'clear-result', '2 entries removed.');
    expect(complaints).toEqual([]);
  });

  it('says what to do when a proxy has another name for the service', async () => {
    const service = await Service.start();
    const nginx = await proxied(`location / { proxy_pass ${service.origin}; }`);
    const { page } = await load(`${nginx.url}/api/performance`);
    await shows(page, 'live-text', 'Live');
    await clear(page, 'product:*', TOKEN);
    await shows(page, 'clear-result', 'allowedOrigins');
  });

  it('shows the response in place of the count', async () => {
    const service = await Service.start();
    const { page } = await open(service);
    await page.route('**/cache/clear?*', html(504));
    await clear(page, 'a*', TOKEN);
    await shows(page, 'clear-result', '504');
  });

  it('says which token cannot be sent', async () => {
    const service = await Service.start();
    const { page } = await open(service);
    await page.getByLabel('Token').fill('пароль');
    await page.getByLabel('Pattern of keys').focus();
    await shows(page, 'notice', 'The token has characters that cannot be sent');
    await page.getByLabel('Token').fill('');
    await page.getByLabel('Pattern of keys').focus();
    await shows(page, 'live-text', 'Live');
  });
});

describe('the form', () => {
  it('is not confirmed by the second click of a double click', async () => {
    const service = await Service.start();
    await service.call('a', 'b');
    const { page } = await open(service);
    // Where the question's own button will be.
    await page.getByLabel('Pattern of keys').fill('*');
    await page.getByRole('button', { name: 'Clear…' }).click();
    const yes = page.getByRole('dialog').getByRole('button', { name: 'Clear', exact: true });
    const box = await yes.boundingBox();
    await page.keyboard.press('Escape');
    await page.evaluate(`Object.assign(document.querySelector('#clear .primary').style, {
      position: 'fixed', left: '${String(box!.x)}px', top: '${String(box!.y)}px',
    })`);
    await page.mouse.dblclick(box!.x + 10, box!.y + 10);
    await page.getByRole('dialog').waitFor();
    expect(await text(page, 'clear-result')).toBe('');
    await yes.click();
    await shows(page, 'clear-result', /authori[sz]ed/);
  });

  it('shows the error in a pattern, and accepts every character', async () => {
    const service = await Service.start();
    const key = 'ключ 1%&#?+"\'';
    await service.cache.set(key, 1);
    const { page } = await open(service);
    await clear(page, key, TOKEN);
    await shows(page, 'clear-result', '1 entry removed.');
    await clear(page, '[a', TOKEN);
    await shows(page, 'clear-result', /./);
  });

  it('takes the token by the Enter key, when nothing is to be cleared', async () => {
    const service = await Service.start({ protectReads: true });
    const { page } = await load(service.page);
    await shows(page, 'live-text', 'Refused');
    await page.getByRole('button', { name: 'Give a token' }).click();
    await page.keyboard.type(TOKEN);
    await page.keyboard.press('Enter');
    await shows(page, 'live-text', 'Live');
    const focused = await page.evaluate<string>('document.activeElement.id');
    expect(focused).toBe('token');
  });
});

describe('the statistics', () => {
  it('fit, however large they are', async () => {
    const service = await Service.start();
    const { page } = await open(service, { viewport: { width: 320, height: 640 } });
    const real = (await (await fetch(`${service.page}stats`)).json()) as {
      cache: object;
      requests: object;
    };
    let total = 1e14;
    await page.route('**/stats?*', (route) =>
      json({
        ...real,
        cache: { ...real.cache, hits: 9e15, misses: 1e14, hit_rate: 98.9 },
        requests: { ...real.requests, total_requests: (total += 1e9), errors: 1e13, p99: 3599 },
        methods: [
          {
            name: 'm',
            calls: 1,
            hits: 1,
            misses: 0,
            hit_rate: 100,
            errors: 1e15,
            time_saved: 1e12,
            load_times: null,
            call_times: null,
          },
        ],
      })(route),
    );
    await shows(page, 't-req', /[MG]|B/);
    await expect(overflowing(page)).resolves.toEqual([]);
    await expect(isTooWide(page)).resolves.toBe(false);
    await screenshot(page, 'huge-320');
  });

  it('of 1,000 methods with long names are shown, and say how many are not', async () => {
    const service = await Service.start();
    for (let i = 0; i < 1000; i++) {
      const name = `Shop.${String(i)}`.padEnd(100, 'AndALongName');
      const { cache } = service;
      await cached((id: number) => Promise.resolve(id), {
        name,
        cache,
        keyPrefix: `k${String(i)}`,
      })(1);
    }
    const { page } = await open(service, { viewport: { width: 390, height: 844 } });
    await shows(page, 'methods-note', /^200 of 1,00\d$/);
    await expect(isTooWide(page)).resolves.toBe(false);
  });

  it('are seen when only one in a while comes', async () => {
    const service = await Service.start();
    await service.call('a');
    const { page } = await open(service);
    await shows(page, 'l-hit', /–/);
    expect(await isDrawn(page, 'c-hit')).toBe(false);
    await service.call('a');
    await shows(page, 'l-hit', '100.0 %');
    await shows(page, 'l-hit', /–/);
    expect(await isDrawn(page, 'c-hit')).toBe(true);
  });

  it('can be selected and copied while others change', async () => {
    const service = await Service.start();
    await service.call('slow/1');
    const { page } = await open(service);
    await page.evaluate("getSelection().selectAllChildren(document.querySelector('#slow td'))");
    const selected = () => page.evaluate<string>('String(getSelection())');
    const before = await selected();
    expect(before).toBe('GET /slow/1');
    await service.call('a', 'slow/2');
    await shows(page, 'slow', 'GET /slow/2');
    await shows(page, 't-req-note', '3 in all');
    expect(await selected()).toBe(before);
  });

  it('stay distinguishable where colours are forced', async () => {
    const service = await Service.start();
    const { page } = await open(service, { forcedColors: 'active' });
    const looks = (selector: string) =>
      page.evaluate<string>(
        `getComputedStyle(document.querySelector('${selector}')).backgroundColor`,
      );
    expect(await looks('[data-scope=instance]')).not.toBe(await looks('[data-scope=fleet]'));
    await shows(page, 'l-dur', 'p99');
    expect(await looks('.legend i.k1')).not.toBe(await looks('.legend i.k2'));
    await screenshot(page, 'forced-colors');
  });
});
