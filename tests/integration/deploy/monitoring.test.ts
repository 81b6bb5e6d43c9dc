import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

import { parse } from 'yaml';

import { DEPLOY, instancesOf, readCompose, readDeployed as read } from '../../support/compose.js';
import { ExampleServer, stopExamples } from '../../support/example-server.js';
import { PrometheusServer } from '../../support/prometheus.js';
import { RedisServer, stopServers, until } from '../../support/redis/server.js';

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly fieldConfig?: {
    readonly defaults: {
      readonly unit?: string;
      readonly color?: { readonly mode: string };
      readonly thresholds?: { readonly steps: readonly { readonly color: string }[] };
    };
  };
  readonly options?: { readonly legend?: { readonly calcs?: readonly string[] } };
  readonly gridPos: Readonly<Record<'x' | 'y' | 'w' | 'h', number>>;
  readonly datasource?: { readonly uid: string };
  readonly targets?: readonly { readonly refId: string; readonly expr: string }[];
}
interface Variable {
  readonly name: string;
  readonly query: string | { readonly query: string };
}
interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
  readonly annotations: {
    readonly list: readonly { readonly name: string; readonly expr?: string }[];
  };
}

const TOKEN = 'correct-horse';

const dashboard = JSON.parse(read('grafana/dashboard.json')) as Dashboard;
/** By panel and letter. */
const expressions = new Map(
  dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ refId, expr }) => [`${title}, ${refId}`, asGrafana(expr)] as const),
  ),
);

const marks = new Map(
  dashboard.annotations.list.map(({ name, expr = '' }) => [name, asGrafana(expr)] as const),
);
/** Those that show something. */
const panels = dashboard.panels.filter(({ type }) => type !== 'row');

afterAll(async () => {
  await stopExamples();
  await stopServers();
});

describe('promtool', () => {
  const promtool = (...words: string[]) =>
    spawnSync('promtool', words, { cwd: DEPLOY, encoding: 'utf8' });

  it.each([
    ['check', 'config', 'prometheus.yml'],
    ['check', 'rules', 'alerts.yml'],
    ['test', 'rules', 'alerts.test.yml'],
  ])('%s %s %s', (...words) => {
    const { status, stdout, stderr } = promtool(...words);
    expect([status, stdout + stderr]).toEqual([0, expect.stringContaining('SUCCESS')]);
  });

  it('tests every alert, and that each stays silent', () => {
    const names = (text: string, form: RegExp): string[] =>
      [...new Set([...text.matchAll(form)].map(([, name = '']) => name))].sort();
    const alerts = names(read('alerts.yml'), /alert: (\w+)/g);
    const tests = read('alerts.test.yml');
    expect(alerts.length).toBeGreaterThan(5);
    expect(names(tests, /alertname: (\w+)\s+exp_alerts:\s+- exp_labels/g)).toEqual(alerts);
    expect(names(tests, /alertname: (\w+),\s+exp_alerts: \[\]/g)).toEqual(alerts);
    // The page that says what to do.
    for (const alert of alerts) expect(read('README.md')).toContain(`\`${alert}\``);
  });
});

describe('prometheus.yml', () => {
  it('names the instances of compose.yaml', () => {
    const config = parse(read('prometheus.yml')) as {
      scrape_configs: [{ static_configs: [{ targets: string[] }] }];
    };
    const { targets } = config.scrape_configs[0].static_configs[0];
    expect(targets).toEqual(instancesOf(readCompose()).map((name) => `${name}:5001`));
  });
});

describe('the dashboard', () => {
  it('uses the data source that is provisioned, and shows what an operator needs', () => {
    const source = read('grafana/provisioning/datasources/prometheus.yaml');
    expect(source).toContain('uid: prometheus');
    const uids = dashboard.panels.flatMap(({ datasource }) => datasource?.uid ?? []);
    expect(new Set(uids)).toEqual(new Set(['${datasource}']));
    const titles = dashboard.panels.map(({ title }) => title).join('\n');
    for (const wanted of [
      'Hit rate',
      'Response time',
      'Slow requests',
      'Cache size',
      'Evictions',
    ]) {
      expect(titles).toContain(wanted);
    }
    expect(titles).toMatch(/Breaker[^]*Loads by method/);
  });

  it('is what is made by the SDK of Grafana', () => {
    const root = join(DEPLOY, '../..');
    const words = ['scripts/dashboard.mjs', '--check'];
    const { status, stderr } = spawnSync(process.execPath, words, { cwd: root, encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
  });

  it('says what each panel shows, in which unit, and has colours that mean something', () => {
    expect(panels.length).toBeGreaterThan(20);
    for (const { title, type, description = '', fieldConfig, options } of panels) {
      expect([title, description]).toEqual([title, expect.stringMatching(/^[A-Z].{15,}\.$/)]);
      const { unit = '', color, thresholds } = fieldConfig?.defaults ?? {};
      expect([title, unit]).toEqual([
        title,
        expect.stringMatching(/^(?:s|short|ops|reqps|percentunit)$/),
      ]);
      if (type === 'timeseries') {
        expect([title, options?.legend?.calcs]).toEqual([title, ['mean', 'max', 'lastNotNull']]);
      }
      if (type !== 'stat') continue;
      const colours = thresholds?.steps.map((step) => step.color).sort() ?? [];
      if (color?.mode === 'fixed') expect([title, colours]).toEqual([title, []]);
      else expect([title, colours]).toEqual([title, expect.arrayContaining(['green', 'red'])]);
    }
    const types = panels.map(({ type }) => type);
    expect(types.filter((type) => type === 'heatmap')).toHaveLength(2);
    expect(types).toContain('table');
    expect([...marks.keys()]).toEqual(['Clears', 'Breaker', 'Deploys']);
  });

  it('shows ten methods and routes, and not all', () => {
    const each = [...expressions].filter(
      ([name, expr]) =>
        !name.startsWith('Methods, ') && /by \((?:le, )?(?:method|route)\)/.test(expr),
    );
    expect(each.length).toBeGreaterThanOrEqual(7);
    for (const [name, expr] of each) {
      expect([name, expr]).toEqual([
        name,
        expect.stringMatching(/and on \((?:method|route)\) topk\(10, /),
      ]);
    }
  });

  it('has a place for every panel', () => {
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    // Letters are once in a panel, titles once in the whole.
    const targets = dashboard.panels.flatMap(({ targets = [] }) => targets);
    expect(expressions.size).toBe(targets.length);
  });

  it('has data in every expression, on a real Prometheus that scrapes two instances', async () => {
    const redis = await RedisServer.start();
    const instances = await Promise.all(
      ['one', 'two'].map((name) =>
        ExampleServer.start(['--traffic', '40'], {
          ...{ REDIS_URL: redis.url, INSTANCE: name, AURORA_TOKEN: TOKEN },
        }),
      ),
    );
    const targets = instances.map(({ port }) => `'127.0.0.1:${port}'`).join(', ');
    const prometheus = await PrometheusServer.with({
      'prometheus.yml': read('prometheus.yml')
        .replaceAll(/(scrape|evaluation)_interval: 15s/g, '$1_interval: 1s')
        .replace(/targets: \['app.*\]/, `targets: [${targets}]`),
      'alerts.yml': read('alerts.yml').replaceAll(/for: \d+m/g, 'for: 1s'),
    });
    const values = async (expression: string): Promise<number[]> =>
      (await prometheus.query(expression)).map(({ value }) => value);
    try {
      await until('both are up', async () => {
        return (await values('up{job="aurora-cache"} == 1')).length === 2;
      });
      expect(expressions.size).toBeGreaterThanOrEqual(30);
      const left = new Map(expressions);
      const shown = async (mark: string): Promise<number> =>
        (await prometheus.query(marks.get(mark) ?? '')).length;
      // For a minute.
      await until('both starts are marked', async () => (await shown('Deploys')) === 2);
      await until('every expression has a value', async () => {
        for (const [name, expression] of left) {
          if ((await values(expression)).some(Number.isFinite)) left.delete(name);
        }
        return left.size === 0;
      }).catch(() => {
        throw new Error(`No data: ${[...left.keys()].join('\n')}`);
      });
      await until('Redis is there', async () => (await shown('Breaker')) === 0);
      // The values of the variables exist as well.
      const offered = dashboard.templating.list.flatMap(({ query }) => {
        if (typeof query === 'string') return [];
        const [, metric = '', label = ''] = /^label_values\((.+), (\w+)\)$/.exec(query.query) ?? [];
        return [{ metric: asGrafana(metric), label }];
      });
      expect(offered.map(({ label }) => label)).toEqual(['job', 'cache', 'instance']);
      for (const { metric, label } of offered) {
        await until(`${label} has its values`, async () => {
          const labels = (await prometheus.query(metric)).map(({ labels: all }) => all[label]);
          return new Set(labels).size === (label === 'instance' ? 2 : 1);
        });
      }
      const alerts = [...read('alerts.yml').matchAll(/alert: (\w+)/g)].map(([, name]) => name);
      expect(await prometheus.rules()).toEqual(alerts);

      // And what is shown follows what happens.
      const firing = (alert: string): Promise<number[]> =>
        values(`ALERTS{alertname="${alert}", alertstate="firing"}`);
      const breaker = expressions.get('Breaker, A') ?? '';
      await until('both breakers are closed', async () => {
        return String(await values(breaker)) === '0,0';
      });
      await until('there is no alert', async () => (await firing('CacheBreakerOpen')).length === 0);
      const [clears = 0] = await values('sum(cache_clears_total)');
      const response = await instances[0]!.fetch('/api/performance/cache/clear?pattern=*', {
        method: 'POST',
        headers: { Authorization: `Bearer ${TOKEN}` },
      });
      expect(response.status).toBe(200);
      await until('it is counted, and there is a mark of it', async () => {
        const [now = 0] = await values('sum(cache_clears_total)');
        return now > clears && (await shown('Clears')) > 0;
      });
      await redis.kill();
      await until('both breakers are open', async () => {
        const states = await values(breaker);
        return states.length === 2 && states.every((state) => state > 0);
      });
      await until('there is an alert', async () => {
        return (await firing('CacheBreakerOpen')).length === 2;
      });
      await until('there is a mark', async () => (await shown('Breaker')) === 2);
      await until('it is counted', async () => {
        return (await values(expressions.get('Without Redis, A') ?? ''))[0] === 2;
      });
      await instances[0]?.kill();
      await until('it is down', async () => (await firing('CacheInstanceDown')).length === 1);
      await until('one instance is left', async () => {
        return String(await values(expressions.get('Instances, A') ?? '')) === '1';
      });
    } finally {
      await prometheus.stop();
    }
  });
});

/** With what Grafana puts in for its variables. */
function asGrafana(expression: string): string {
  const whole = expression
    .replaceAll('$__rate_interval', '4s')
    .replaceAll('$__range', '1m')
    .replaceAll('$job', 'aurora-cache')
    .replaceAll(/\$(cache|instance)\b/g, '.*');
  expect(whole).not.toContain('$');
  return whole;
}
