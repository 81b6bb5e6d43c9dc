import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { isCacheError, type Duration } from 'aurora-cache';
import { generateNginxConfig, type NginxOptions } from 'aurora-cache/nginx';
import { Ajv } from 'ajv';
import fc from 'fast-check';

import {
  installedVersion,
  makeCertificate,
  makeFolder,
  refusalOf,
  removeFolder,
} from '../../support/nginx.js';

const SEED = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
const RUNS = Number(process.env['RUNS'] ?? 120);

jest.setTimeout(600_000);

const schema = readFileSync(join(__dirname, '../../../schemas/nginx.schema.json'), 'utf8');
const validate = new Ajv().compile(JSON.parse(schema) as object);

let folder: string;
let options: fc.Arbitrary<NginxOptions>;

beforeAll(async () => {
  folder = makeFolder();
  const certificate = await makeCertificate(folder);
  const installed = await installedVersion();
  const [, minor = 0] = installed.split('.').map(Number);
  const versions = ['1.18', '1.20.2', '1.26', '1.28', '1.30.1', installed];
  options = validOptions(folder, certificate, [
    undefined,
    ...versions.filter((one) => one === installed || Number(one.split('.')[1]) < minor),
  ]);
});

afterAll(() => {
  removeFolder(folder);
});

const maybe = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: undefined });
const flag = maybe(fc.boolean());
const number = (least: number, most: number) => maybe(fc.integer({ min: least, max: most }));
const durations: Duration[] = [1, 0.5, 90, '250ms', '1500ms', '30s', '5m', '1h', '7d'];
const duration = maybe(fc.constantFrom(...durations));
const word = (form: RegExp) => fc.stringMatching(form);
const octet = fc.nat(255);
const v4 = fc.tuple(octet, octet, octet, octet).map((octets) => octets.join('.'));
const network = fc.oneof(
  v4,
  fc.tuple(v4, fc.integer({ min: 0, max: 32 })).map(([host, bits]) => `${host}/${String(bits)}`),
  fc.ipV6().filter((host) => !host.includes('%')),
  fc.constantFrom('::1', 'fc00::/7', '2001:db8::/32', '0.0.0.0/0', '::/0'),
);
const networks = fc.array(network, { minLength: 1, maxLength: 4 });
const path = fc
  .array(word(/^[\w\-~!@:+,=]{1,10}$/), { maxLength: 3 })
  .map((parts) => `/${parts.join('/')}`);
const size = maybe(fc.constantFrom('0', '1', '512k', '10M', '1g'));
const timeouts = maybe(fc.record({ connect: duration, send: duration, read: duration }));
// Names that need no resolver: nginx resolves all others when it reads the file.
const address = fc.oneof(
  fc
    .tuple(v4, fc.integer({ min: 1, max: 65_535 }))
    .map(([host, port]) => `${host}:${String(port)}`),
  fc.constantFrom('localhost:5001', '[::1]:5001', '[2001:db8::1]:80', 'unix:/run/a-b/c.sock'),
);

const strategy = fc.constantFrom('round_robin', 'least_conn', 'ip_hash', 'hash', 'random');
const hashKey = fc.oneof(
  fc.constantFrom('$request_uri', '$uri', '$remote_addr', '$host'),
  word(/^\$http_[a-z0-9_]{1,20}$/),
  word(/^\$(?:cookie|arg)_\w{1,20}$/),
);
const server = fc.record({
  address,
  ...{ weight: number(1, 1000), backup: flag, down: flag, maxFails: number(0, 1000) },
  ...{ failTimeout: duration, maxConnections: number(1, 65_535) },
});

const upstream = (name: string) =>
  fc
    .record({
      ...{ strategy: maybe(strategy), hashKey, keepalive: number(0, 100) },
      keepaliveTimeout: duration,
      servers: fc.uniqueArray(server, {
        ...{ minLength: 1, maxLength: 4, selector: ({ address: at }: { address: string }) => at },
      }),
    })
    .map(({ hashKey: key, ...rest }) => {
      const takesBackups = ['round_robin', 'least_conn', undefined].includes(rest.strategy);
      const servers = rest.servers.map((one, i) => ({
        ...one,
        // One is always there.
        backup: i > 0 && takesBackups ? one.backup : undefined,
        down: i > 0 ? one.down : undefined,
      }));
      return { name, ...rest, servers, ...(rest.strategy === 'hash' ? { hashKey: key } : {}) };
    });

// A new list each time: the tests below change one of them.
const files = maybe(fc.array(fc.constant('/nowhere/*.conf'), { minLength: 1, maxLength: 2 }));

const upstreams = fc
  .uniqueArray(word(/^[A-Za-z]\w{0,63}$/), {
    ...{ minLength: 1, maxLength: 4, selector: (name) => name.toLowerCase() },
  })
  .chain((names) => fc.tuple(...names.map(upstream)));

const headers = fc.dictionary(
  word(/^X-[A-Za-z0-9-]{1,30}$/),
  fc.oneof(
    fc.constantFrom('', "default-src 'self'; img-src *", 'a{b}c#d;'),
    word(/^[!#%-[\]-~][ !#%-[\]-~]{0,80}[!#%-[\]-~]$/),
  ),
  { maxKeys: 4 },
);

function validOptions(
  home: string,
  certificate: { certificate: string; certificateKey: string },
  nginxVersions: (string | undefined)[],
): fc.Arbitrary<NginxOptions> {
  return upstreams.chain((given) => {
    const name = fc.constantFrom(...given.map(({ name: one }) => one));
    const route = fc.record({
      ...{ path, exact: flag, upstream: name, webSocket: flag, buffering: flag },
      ...{ timeouts, maxBodySize: size, networks: maybe(networks) },
      include: files,
    });
    const tls = fc.record({
      port: fc.constant(8443),
      ...{ redirect: flag, http2: flag, hsts: fc.oneof(duration, fc.constant(false as const)) },
    });
    return fc.record({
      upstreams: fc.constant(given),
      routes: maybe(
        fc.uniqueArray(route, {
          ...{ maxLength: 5, selector: (one) => `${String(one.exact === true)} ${one.path}` },
        }),
      ),
      serverNames: maybe(
        fc.uniqueArray(
          fc.oneof(
            word(/^[a-z0-9][a-z0-9-]{0,61}[a-z0-9]\.example$/),
            fc.constantFrom(
              '*.example.org',
              'localhost',
              '_',
              `${'a'.repeat(63)}.${'b'.repeat(63)}.org`,
            ),
          ),
          { minLength: 1, maxLength: 4 },
        ),
      ),
      performanceApi: fc.oneof(
        fc.constantFrom(undefined, false as const),
        fc.record({
          basePath: fc.constantFrom(undefined, '/internal/cache', '/cache/'),
          prometheusPath: fc.constantFrom(undefined, '/internal/metrics'),
          ...{ upstream: maybe(name), networks: maybe(networks) },
        }),
      ),
      tls: maybe(tls.map((rest) => ({ ...certificate, ...rest }))),
      rateLimit: maybe(
        fc.record({
          requestsPerSecond: fc.integer({ min: 1, max: 100_000 }),
          burst: number(0, 100_000),
        }),
      ),
      trustedProxies: maybe(networks.map((all) => all.filter((one) => !one.endsWith('/0')))),
      accessLog: fc.constantFrom(false as const, join(home, 'access.log')),
      ...{ port: fc.constantFrom(undefined, 8080), gzip: flag, headers: maybe(headers) },
      ...{ timeouts, maxBodySize: size, workerConnections: number(64, 100_000) },
      include: maybe(fc.record({ http: files, server: files })),
      acmeRoot: maybe(fc.constant(join(home, 'acme'))),
      shutdownTimeout: duration,
      nginxVersion: fc.constantFrom(...nginxVersions),
      pidFile: maybe(fc.constant(join(home, 'nginx.pid'))),
      errorLog: fc.constant(join(home, 'error.log')),
    });
  });
}

describe(`the generator (SEED=${String(SEED)})`, () => {
  it('writes what nginx takes, for every valid set of options', async () => {
    let count = 0;
    await fc.assert(
      fc.asyncProperty(options, async (given) => {
        const text = generateNginxConfig(given);
        const plain = JSON.parse(JSON.stringify(given)) as NginxOptions;
        expect([validate(plain), validate.errors]).toEqual([true, null]);
        expect(generateNginxConfig(plain)).toBe(text);
        expect(await refusalOf(text, folder, `valid-${String(count++ % 8)}`)).toBeUndefined();
      }),
      { seed: SEED, numRuns: RUNS },
    );
    expect(count).toBeGreaterThanOrEqual(RUNS);
  });

  it('refuses every value that could end a directive, in every option', () => {
    const evil = fc.constantFrom('"; return 200 "', '\n', '\\', '$host', '\u0000', 'ä', '\r\nX: y');
    const other = fc.constantFrom(-1, NaN, Infinity, null, [], Symbol('x'), 10n);
    fc.assert(
      fc.property(options, fc.nat(), evil, other, (given, pick, text, value) => {
        const leaves = leavesOf(given, []);
        const leaf = leaves[pick % leaves.length]!;
        const old = at(given, leaf);
        const bad = typeof old === 'string' ? old + text : value;
        expectRefusal(replaced(given, leaf, bad), leaf);
      }),
      { seed: SEED, numRuns: 400 },
    );
  });

  it('refuses names that there are not, wherever they are', () => {
    fc.assert(
      fc.property(options, fc.nat(), word(/^[a-z]{3,12}$/), (given, pick, name) => {
        const objects = objectsOf(given, []).filter((where) => where[0] !== 'headers');
        const where = objects[pick % objects.length]!;
        const wrong = replaced(given, [...where, `zz${name}`], 1);
        expectRefusal(wrong, [...where, `zz${name}`]);
        expect(validate(JSON.parse(JSON.stringify(wrong)))).toBe(false);
      }),
      { seed: SEED, numRuns: 200 },
    );
  });

  it('fits into the nginx.conf of Debian, despite its own directives', async () => {
    const part = generateNginxConfig({
      ...{ context: 'http', rateLimit: { requestsPerSecond: 10 }, serverNames: ['a.example'] },
      ...{ accessLog: join(folder, 'a.log'), errorLog: join(folder, 'b.log'), port: 8080 },
    });
    const http = `
      sendfile on; tcp_nopush on; types_hash_max_size 2048; server_tokens build;
      default_type application/octet-stream; ssl_protocols TLSv1.2; ssl_prefer_server_ciphers on;
      access_log ${join(folder, 'c.log')}; gzip on; gzip_vary on; keepalive_timeout 65;
      server_names_hash_bucket_size 64; limit_req_status 503; proxy_http_version 1.0;
      ${part}`;
    expect(await refusalOf(`events {}\nhttp {${http}}`, folder)).toBeUndefined();
  });
});

type Path = readonly (string | number)[];

function leavesOf(value: unknown, path: Path): Path[] {
  if (value === undefined) return [];
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([key, inner]) =>
    leavesOf(inner, [...path, stepOf(value, key)]),
  );
}

function objectsOf(value: unknown, path: Path): Path[] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.entries(value).flatMap(([key, one]) =>
    objectsOf(one, [...path, stepOf(value, key)]),
  );
  return Array.isArray(value) ? inner : [path, ...inner];
}

const stepOf = (parent: object, key: string) => (Array.isArray(parent) ? Number(key) : key);

const at = (value: unknown, path: Path): unknown =>
  path.reduce((inner, key) => (inner as Record<string | number, unknown>)[key], value);

function replaced(given: NginxOptions, path: Path, value: unknown): NginxOptions {
  const copy = structuredClone(given);
  const parent = at(copy, path.slice(0, -1)) as Record<string | number, unknown>;
  parent[path.at(-1)!] = value;
  return copy;
}

function expectRefusal(given: NginxOptions, path: Path): void {
  let error: unknown;
  try {
    generateNginxConfig(given);
  } catch (thrown) {
    error = thrown;
  }
  const where = path.map((key) => (typeof key === 'number' ? `[${String(key)}]` : key)).join('.');
  expect([where, isCacheError(error) && error.code]).toEqual([where, 'ERR_CONFIGURATION']);
  // Headers are named in brackets where their names are no words.
  const last = path.findLast((key) => typeof key === 'string') ?? '';
  expect((error as Error).message).toContain(last);
}
