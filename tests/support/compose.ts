import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parse } from 'yaml';

/** Where the files of the deployment are. */
export const DEPLOY = join(__dirname, '../../docs/deploy');

export const readDeployed = (name: string): string => readFileSync(join(DEPLOY, name), 'utf8');

/** The test's values for `.env`. */
export const SECRETS: Readonly<Record<string, string>> = {
  AURORA_TOKEN: 'token0123',
  REDIS_PASSWORD: 'password0123',
  GRAFANA_PASSWORD: 'grafana0123',
};

interface Service {
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly networks: readonly string[];
}

/** `compose.yaml` as Docker Compose sees it: merged, and with the variables filled in. */
export interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>;
}

/** @throws Error for a variable that `.env` does not have. */
export function readCompose(): Compose {
  const whole = readDeployed('compose.yaml').replaceAll(
    /\$\{(\w+)(:\?[^}]*)?\}/g,
    (_, name: string) => {
      const value = SECRETS[name];
      if (value === undefined) throw new Error(`No secret is called ${name}.`);
      return value;
    },
  );
  return parse(whole, { merge: true }) as Compose;
}

/** Names of the services that are instances. */
export function instancesOf({ services }: Compose): string[] {
  return Object.keys(services).filter((name) => name.startsWith('app'));
}
