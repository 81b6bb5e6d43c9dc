import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort, until } from './redis/server.js';

interface QueryAnswer {
  readonly data: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly value: readonly [number, string];
    }[];
  };
}

/** A `prometheus` of the tests' own, on a free port. */
export class PrometheusServer {
  private constructor(
    private readonly url: string,
    private readonly child: ChildProcess,
    private readonly folder: string,
  ) {}

  /**
   * Scrapes one address every second.
   *
   * @param target - Host and port; the path is `/metrics`.
   */
  static async start(target: string): Promise<PrometheusServer> {
    return await PrometheusServer.with({
      'prometheus.yml': [
        'global: { scrape_interval: 1s, scrape_timeout: 1s }',
        'scrape_configs:',
        '  - job_name: service',
        `    static_configs: [{ targets: ['${target}'] }]`,
      ].join('\n'),
    });
  }

  /** @param files - `prometheus.yml`, and what it refers to. */
  static async with(files: Readonly<Record<string, string>>): Promise<PrometheusServer> {
    const folder = mkdtempSync(join(tmpdir(), 'aurora-prometheus-'));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const config = join(folder, 'prometheus.yml');
    const address = `127.0.0.1:${String(await freePort())}`;
    const words = [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${address}`,
    ];
    const child = spawn('prometheus', words, { stdio: 'ignore' });
    const server = new PrometheusServer(`http://${address}`, child, folder);
    try {
      await until('prometheus is ready', async () => await server.isReady());
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  /** The samples that a PromQL query returns now. */
  async query(expression: string): Promise<{ labels: Record<string, string>; value: number }[]> {
    const query = new URLSearchParams({ query: expression }).toString();
    const response = await fetch(`${this.url}/api/v1/query?${query}`);
    if (!response.ok) throw new Error(await response.text());
    const { data } = (await response.json()) as QueryAnswer;
    return data.result.map(({ metric, value }) => ({
      labels: { ...metric },
      value: Number(value[1]),
    }));
  }

  /** Names of the rules that it evaluates. */
  async rules(): Promise<string[]> {
    const response = await fetch(`${this.url}/api/v1/rules`);
    const { data } = (await response.json()) as {
      data: { groups: readonly { rules: readonly { name: string }[] }[] };
    };
    return data.groups.flatMap(({ rules }) => rules.map(({ name }) => name));
  }

  /** Ends the process and removes its folder. */
  async stop(): Promise<void> {
    const { child } = this;
    if (child.exitCode === null && child.signalCode === null) {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async isReady(): Promise<boolean> {
    try {
      return (await fetch(`${this.url}/-/ready`)).ok;
    } catch {
      return false;
    }
  }
}

/** The output of `promtool check metrics` for a text; empty if it is valid. */
export function lint(metrics: string): string {
  const { status, stdout, stderr, error } = spawnSync('promtool', ['check', 'metrics'], {
    input: metrics,
    encoding: 'utf8',
  });
  if (error !== undefined) throw error;
  return status === 0 ? stdout + stderr : `${stdout}${stderr}(status ${String(status)})`;
}
