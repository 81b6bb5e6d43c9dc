import { execFile } from 'node:child_process';
import { connect, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

import axe from 'axe-core';
import type { Page } from 'playwright-core';

import { screenshot } from '../../support/browser.js';
import { RedisServer, stopServers, until } from '../../support/redis/server.js';
import { clear, load, MARKUP, open, Service, shows, text, TOKEN, useBrowser } from './page-host.js';

const ROOT = join(__dirname, '../../..');

useBrowser();
afterAll(stopServers);

/** As it is: `fetch()` would encode the path. */
function sendRaw({ server }: Service, request: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const { port } = server.address() as AddressInfo;
    const socket = connect(port, '127.0.0.1', () => socket.write(request));
    socket.on('error', reject).on('close', () => {
      resolve();
    });
    socket.resume();
  });
}

// Code for the browser is text here: to the compiler, there is no DOM.
const wasExecuted = (page: Page) => page.evaluate<boolean>("'executed' in window");

/** The accessibility violations that axe finds. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const found = await page.evaluate(async () => {
    const tool = (globalThis as unknown as { axe: typeof axe }).axe;
    return (await tool.run()).violations.map(({ id, impact, nodes }) => ({
      id,
      impact,
      nodes: nodes.map(({ target }) => target.join(' ')),
    }));
  });
  return found
    .filter(({ impact }) => impact !== 'minor')
    .map(({ id, impact, nodes }) => `${String(impact)} ${id}: ${nodes.join(', ')}`);
}

describe('the page', () => {
  it('is made of what is in dashboard/', async () => {
    const args = [join(ROOT, 'scripts/page.mjs'), '--check'];
    await expect(promisify(execFile)(process.execPath, args)).resolves.toMatchObject({
      stderr: '',
    });
  });

  it('loads nothing from elsewhere, reports no error, and its statistics move', async () => {
    const service = await Service.start();
    await service.call('a', 'a', 'a', 'b');
    const { page, complaints, requests } = await open(service);
    await shows(page, 't-hit-note', 'of 5 reads');
    await expect(text(page, 't-hit')).resolves.toMatch(/^40\.0\s*%$/);
    await shows(page, 't-req-note', '4 in all');
    await expect(text(page, 'subtitle')).resolves.toBe('shop · memory · 1 instance');

    await service.call(...Array<string>(45).fill('a'), 'bad', 'slow');
    await shows(page, 't-hit-note', 'of 51 reads');
    await shows(page, 't-req-note', '51 in all, 1 failed');
    await expect(text(page, 't-hit')).resolves.toMatch(/^92\.2\s*%$/);
    await expect(text(page, 'slow')).resolves.toMatch(/GET \/slow\s+200\s+[\d.]+ m?s/);
    const find = page.locator('#methods tr', { hasText: 'Products.find' });
    await expect(find.innerText()).resolves.toMatch(/50\s+94\.0 %\s+.+s\s+.+s\s+1$/);
    // The latest values beside each chart.
    await shows(page, 'l-hit', /now\s*97\.8 %|now\s*100 %|now\s*–/);
    await shows(page, 'l-dur', /p50 .*p90 .*p99/s);
    // Of the time since the last poll.
    await until('the rate of requests is shown', async () => {
      await service.call('a');
      return /^[1-9][\d.]*\s*\/s$/.test(await text(page, 't-req'));
    });
    await screenshot(page, 'light');

    expect(complaints).toEqual([]);
    expect(requests.length).toBeGreaterThan(3);
    const elsewhere = requests.filter((url) => !url.startsWith(service.page) && url !== 'data:,');
    expect(elsewhere).toEqual([]);
  });

  it('has its policy enforced: no other script runs, nothing is sent elsewhere', async () => {
    const service = await Service.start();
    const other = await Service.start();
    const { page } = await open(service);
    const inject = `document.body.append(
      Object.assign(document.createElement('script'), { textContent: 'window.executed = 1' }),
    )`;
    await page.evaluate(inject);
    expect(await wasExecuted(page)).toBe(false);
    const sent = page.evaluate((url) => fetch(url, { mode: 'no-cors' }), other.page);
    await expect(sent).rejects.toThrow('Failed to fetch');
  });

  it('shows markup in names and paths as text', async () => {
    const service = await Service.start({}, { name: MARKUP });
    await service.call('slow/<script>executed=1</script>');
    const raw = '/slow"><svg/onload=executed=1>';
    await sendRaw(service, `GET ${raw} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    const { page, complaints } = await open(service);
    await shows(page, 'methods', MARKUP);
    await shows(page, 'subtitle', MARKUP);
    await shows(page, 'slow', raw);
    await clear(page, MARKUP, MARKUP);
    await shows(page, 'clear-result', /./);
    expect(await wasExecuted(page)).toBe(false);
    await expect(page.locator('img, svg, table script').count()).resolves.toBe(0);
    // The browser reports the refusal itself in the console.
    expect(complaints.filter((text) => !text.includes('403'))).toEqual([]);
  });

  it('clears a pattern with the token, after a confirmation', async () => {
    const service = await Service.start();
    await service.call('a', 'b', 'c');
    await service.cache.set('other:1', 1);
    const { page } = await open(service);

    await clear(page, 'product:*', '');
    await shows(page, 'clear-result', /authori[sz]e|allowed|token/i);
    await clear(page, 'product:*', 'wrong');
    await shows(page, 'clear-result', /authori[sz]e|allowed|token/i);
    await clear(page, 'product:*', TOKEN, 'Keep them');
    await expect(service.cache.getStats()).resolves.toMatchObject({ totalKeys: 5 });

    await clear(page, 'product:*', TOKEN);
    await shows(page, 'clear-result', '3 entries removed.');
    await expect(service.cache.get('other:1')).resolves.toBe(1);
    await clear(page, 'other:*', TOKEN);
    await shows(page, 'clear-result', '1 entry removed.');
  });

  it('can be used by keyboard alone', async () => {
    const service = await Service.start();
    await service.call('a', 'b', 'slow');
    const { page, complaints } = await open(service);
    const focused = () => page.evaluate<string>('document.activeElement.textContent');
    const tabTo = async (name: string): Promise<void> => {
      for (let presses = 0; presses < 40 && (await focused()) !== name; presses++) {
        await page.keyboard.press('Tab');
      }
      expect(await focused()).toBe(name);
    };
    await tabTo('Pause');
    await page.keyboard.press('Enter');
    await shows(page, 'live-text', 'Paused');
    await page.keyboard.press('Enter');
    await shows(page, 'live-text', 'Live');
    await tabTo('Dark');
    await page.keyboard.press('Space');
    await expect(page.locator('html').getAttribute('data-theme')).resolves.toBe('dark');

    const first = () => page.locator('#methods tbody td').first().innerText();
    await tabTo('Method');
    await page.keyboard.press('Enter');
    await expect(first()).resolves.toBe(`Products.${MARKUP}`);
    await page.keyboard.press('Enter');
    await expect(first()).resolves.toBe('Reports.make');
    await expect(page.locator('#methods th').first().getAttribute('aria-sort')).resolves.toBe(
      'descending',
    );

    await page.getByLabel('Pattern of keys').focus();
    await page.keyboard.type('product:*');
    await page.keyboard.press('Tab');
    await page.keyboard.type(TOKEN);
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await expect(focused()).resolves.toBe('Keep them');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await page.keyboard.press('Enter');
    await tabTo('Clear');
    await page.keyboard.press('Enter');
    await shows(page, 'clear-result', '2 entries removed.');
    expect(complaints).toEqual([]);
  });

  it.each([
    ['light', { width: 1440, height: 1000 }],
    ['dark', { width: 1440, height: 1000 }],
    ['light', { width: 390, height: 844 }],
    ['dark', { width: 320, height: 640 }],
  ] as const)('fits and is accessible: %s at %o', async (colorScheme, viewport) => {
    const service = await Service.start({}, { name: 'a-cache-with-a-name-'.repeat(5) });
    await service.call('a', 'a', 'bad', `slow/${'a-long-path-without-a-space'.repeat(9)}`);
    const { page } = await open(service, { viewport, colorScheme });
    await shows(page, 't-hit-note', /of \d/);
    await expect(violations(page)).resolves.toEqual([]);
    const width = () => page.evaluate('document.documentElement.scrollWidth');
    await expect(width()).resolves.toBe(viewport.width);
    await screenshot(page, `${colorScheme}-${String(viewport.width)}`);
    await page.getByLabel('Pattern of keys').fill('a'.repeat(500));
    await page.getByRole('button', { name: 'Clear…' }).click();
    await expect(violations(page)).resolves.toEqual([]);
    await expect(width()).resolves.toBe(viewport.width);
    await screenshot(page, `${colorScheme}-${String(viewport.width)}-confirm`);
  });

  it('prompts for a token if the statistics are protected', async () => {
    const service = await Service.start({ protectReads: true });
    await service.call('a', 'a');
    const { page } = await load(service.page);
    await shows(page, 'live-text', 'Refused');
    await shows(page, 'notice', 'The statistics are protected');
    await expect(violations(page)).resolves.toEqual([]);
    await expect(text(page, 't-hit')).resolves.toBe('–');
    await page.getByLabel('Token').fill(TOKEN);
    await shows(page, 't-hit-note', 'of 3 reads');
    await page.locator('#notice').waitFor({ state: 'hidden' });
  });

  it('says when the service is gone, and goes on when it is back', async () => {
    const service = await Service.start();
    const { page } = await open(service);
    const { port } = service.server.address() as AddressInfo;
    service.server.closeAllConnections();
    await new Promise((resolve) => service.server.close(resolve));
    await shows(page, 'live-text', 'Not reachable');
    await new Promise<void>((resolve) => service.server.listen(port, '127.0.0.1', resolve));
    await shows(page, 'live-text', 'Live');
    await page.locator('#notice').waitFor({ state: 'hidden' });
  });

  it('shows the fleet, and the state of Redis', async () => {
    const redis = await RedisServer.start();
    const options = { redisUrl: redis.url };
    const [one, two] = await Promise.all([Service.start({}, options), Service.start({}, options)]);
    await one.call('a', 'a');
    await two.call('a', 'a', 'a');
    const { page, complaints } = await open(one);
    await shows(page, 't-req-note', '2 in all');
    await shows(page, 'tiers', /Redis\s*ok/);
    await shows(page, 'tiers', /Listening\s*yes/);
    await page.getByRole('button', { name: 'Fleet' }).click();
    await shows(page, 'subtitle', 'shop · redis · 2 instances');
    await shows(page, 't-req-note', '5 in all');
    await page.reload();
    await shows(page, 'subtitle', '2 instances');
    await screenshot(page, 'fleet');
    // One of them ends, and says nothing.
    await two.cache.close();
    await shows(page, 'subtitle', 'shop · redis · 1 instance');
    await shows(page, 't-req-note', '2 in all');
    await shows(page, 'l-rate', /\/s/);
    await page.getByRole('button', { name: 'This instance' }).click();
    await shows(page, 't-req-note', '2 in all');
    expect(complaints).toEqual([]);

    await redis.stop();
    await shows(page, 'tiers', /State\s*degraded/);
    await shows(page, 'tiers', /Redis\s*away/);
    await screenshot(page, 'degraded');
  });

  it('is where the API is mounted, and nowhere if it is not wanted', async () => {
    const service = await Service.start({ basePath: '/internal/cache' });
    for (const path of ['/internal/cache', '/internal/cache/']) {
      const { page } = await load(service.origin + path);
      await shows(page, 'live-text', 'Live');
    }
    const without = await Service.start({ page: false });
    await expect(fetch(without.page).then(({ status }) => status)).resolves.toBe(404);
  });

  it('stops polling while the page is hidden', async () => {
    const service = await Service.start();
    const { page, requests } = await open(service);
    await page.getByRole('button', { name: 'Pause' }).click();
    await shows(page, 'live-text', 'Paused');
    const asked = requests.length;
    await service.call('a');
    await until('time passes', () => page.evaluate(() => performance.now() > 6000));
    expect(requests.length).toBe(asked);
    await page.getByRole('button', { name: 'Pause' }).click();
    await shows(page, 't-req-note', '1 in all');
  });
});
