import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import {
  CacheConfig,
  Cached,
  cached,
  CacheEvict,
  CacheManager,
  CachePut,
  DEFAULTS,
  Memoized,
  Timed,
} from 'aurora-cache';
import { createPerformanceApi, HTTP_DEFAULTS, performanceMiddleware } from 'aurora-cache/http';
import { generateNginxConfig } from 'aurora-cache/nginx';
import { PROMETHEUS_DEFAULTS, prometheusMetrics } from 'aurora-cache/prometheus';
import { Registry } from 'prom-client';
import { blocksOf, pages, type Block } from '../support/code-blocks.js';
import { DEFAULTS as DEFAULTS_OF_NGINX } from '../../src/nginx/defaults.js';

const root = join(__dirname, '../..');
const read = (name: string): string => readFileSync(join(root, name), 'utf8');

/** Errors of the blocks, each a separate module, in one program under the root's tsconfig.json. */
function typeErrors(blocks: readonly Block[]): string[] {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) =>
    ts.sys.readFile(path),
  );
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, root);
  const places = new Map(blocks.map(({ place }, i) => [join(root, `block-${i}.ts`), place]));
  const texts = new Map(
    [...places.keys()].map((path, i) => [path, `${blocks[i]?.code}export {};\n`]),
  );

  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (path) => texts.has(path) || fileExists(path);
  host.readFile = (path) => texts.get(path) ?? readFile(path);
  host.getSourceFile = (path, version, ...rest) => {
    const text = texts.get(path);
    return text === undefined
      ? getSourceFile(path, version, ...rest)
      : ts.createSourceFile(path, text, version);
  };
  const program = ts.createProgram([...texts.keys()], options, host);
  return [...texts.keys()].flatMap((path) => {
    const file = program.getSourceFile(path);
    if (file === undefined) return [`${path} is not in the program`];
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(
      ({ start = 0, messageText }) => {
        const { line } = file.getLineAndCharacterOfPosition(start);
        const text = ts.flattenDiagnosticMessageText(messageText, '\n');
        return `${places.get(path) ?? path} +${line}: ${text}`;
      },
    );
  });
}

describe('the code in the documentation', () => {
  const blocks = pages.flatMap(blocksOf);

  it('compiles', () => {
    expect(blocks.length).toBeGreaterThan(10);
    expect(typeErrors(blocks)).toEqual([]);
  });

  it('would not compile if it were wrong', () => {
    const [first] = typeErrors([
      { place: 'wrong', code: `import { Cached } from 'aurora-cache';\nCached({ ttl: '5x' });\n` },
    ]);
    expect(first).toMatch(/^wrong \+1: Type '"5x"' is not assignable/);
  });
});

/** Rows of a page's table below a heading: option and the code in its last column. */
function optionsBelow(heading: string, page = 'docs/options.md'): Map<string, string> {
  const [, text = ''] = read(page).split(`### ${heading}\n`);
  const section = text.split(/^#{2,3} /m)[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  return new Map(
    rows.map((row) => {
      const cells = row.split(/(?<!\\)\|/).map((cell) => cell.trim());
      return [cells[1]?.slice(1, -1) ?? '', cells.at(-2) ?? ''];
    }),
  );
}

/** The options that something knows, from its refusal of one that it does not. */
function known(refuse: () => unknown): string[] {
  try {
    refuse();
  } catch (error) {
    const [, names = ''] = /Known are (.*)\.$/m.exec((error as Error).message) ?? [];
    return names.split(', ').sort();
  }
  return [];
}

const strange = { unknownUnknownUnknown: 1 };
const unknown = strange as never;

describe('the tables of docs/options.md', () => {
  const page = read('docs/options.md');
  const manager = optionsBelow('`CacheManager`, `configureCache`');
  const method = optionsBelow('`@Cached`, `cached`');
  const rest = optionsBelow('`@Timed`, `timed`, `warm`');

  it('name every option, and no other', () => {
    expect([...manager.keys()].sort()).toEqual(known(() => new CacheManager(unknown)));
    expect([...method.keys()].sort()).toEqual(known(() => Cached(unknown)));
    expect([...optionsBelow('`@CacheEvict`').keys()].sort()).toEqual(
      known(() => CacheEvict(unknown)),
    );
    expect([...rest.keys()].filter((name) => name !== 'concurrency').sort()).toEqual(
      known(() => Timed(unknown)),
    );
  });

  it.each([
    ['`@Memoized` and `memoized` take ', () => Memoized(unknown)],
    ['`@CacheConfig` takes ', () => CacheConfig(unknown)],
  ])('and the sentence "%s…" does too', (start, refuse) => {
    const line = page.split('\n').find((candidate) => candidate.startsWith(start));
    const sentence = line?.slice(start.length).split('.')[0] ?? '';
    const names = [...sentence.matchAll(/`(\w+)`/g)].map(([, name]) => name);
    expect(names.sort()).toEqual(known(refuse));
  });

  it('@CachePut: table and sentence together', () => {
    const line = page.split('\n').find((candidate) => candidate.startsWith('It also takes '));
    const besides = [...(line ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name ?? '');
    const names = [...optionsBelow('`@CachePut`').keys(), ...besides];
    expect(names.sort()).toEqual(known(() => CachePut(unknown)));
  });

  it('give the defaults as they are', () => {
    const value = (text = ''): unknown => {
      const code = /^`(.*)`$/.exec(text)?.[1] ?? text;
      return /^'.*'$/.test(code) ? code.slice(1, -1) : Number(code);
    };
    const [, eviction] = /eviction `'(\w+)'`/.exec(manager.get('memory') ?? '') ?? [];
    const breaker = (manager.get('breaker') ?? '').split(', ');
    const [, compressionThreshold] =
      /`compression` .* at least `threshold` bytes \(`(\d+)`\)/.exec(page) ?? [];
    const [, slowLogSize, warmErrors] =
      /slow log keeps the last `(\d+)` .* lists the first `(\d+)`/.exec(page) ?? [];
    expect({
      ttl: value(manager.get('defaultTtl')),
      maxMemoryItems: value(manager.get('maxMemoryItems')),
      eviction,
      namespace: value(manager.get('namespace')),
      name: value(manager.get('name')),
      jitter: value(manager.get('jitter')),
      storeTimeout: value(manager.get('storeTimeout')),
      breakerFailures: value(breaker[0]),
      breakerProbeAfter: value(breaker[1]),
      breakerMaxProbeDelay: value(breaker[2]),
      lease: value(manager.get('lease')),
      maxValueBytes: value(manager.get('maxValueBytes')),
      compressionThreshold: Number(compressionThreshold),
      slowThreshold: value(rest.get('slowThreshold')),
      slowLogSize: Number(slowLogSize),
      warmConcurrency: value(rest.get('concurrency')),
      warmErrors: Number(warmErrors),
    }).toEqual(DEFAULTS);
  });
});

describe('the tables of docs/http.md', () => {
  const api = optionsBelow('`createPerformanceApi`', 'docs/http.md');
  const timing = optionsBelow(
    '`performanceMiddleware`, `withTiming`, and the adapters',
    'docs/http.md',
  );

  it('name every option, and no other', () => {
    expect([...api.keys()].sort()).toEqual(known(() => createPerformanceApi(unknown)));
    expect([...timing.keys()].sort()).toEqual(known(() => performanceMiddleware(unknown)));
  });

  it('give the defaults as they are', () => {
    const names = Object.keys(HTTP_DEFAULTS) as (keyof typeof HTTP_DEFAULTS)[];
    for (const name of names) {
      const value: unknown = HTTP_DEFAULTS[name];
      const code = typeof value === 'string' ? `'${value}'` : String(value);
      expect([name, api.get(name)]).toEqual([name, `\`${code}\``]);
    }
  });
});

describe('the tables of docs/metrics.md', () => {
  const page = read('docs/metrics.md');
  const options = optionsBelow('`prometheusMetrics`', 'docs/metrics.md');

  it('name every option and its default, and no other', () => {
    expect([...options.keys()].sort()).toEqual(known(() => prometheusMetrics(unknown)));
    const { prefix, buckets } = PROMETHEUS_DEFAULTS;
    expect(options.get('prefix')).toBe(`\`'${prefix}'\``);
    expect(options.get('buckets')).toBe(`\`[${buckets.join(', ')}]\``);
  });

  it('name every metric and its type, and no other', async () => {
    const registry = new Registry();
    prometheusMetrics({ registry });
    const text = await registry.metrics();
    const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, ...type]) => type);
    const rows = page.matchAll(/^\| `(\w+)` +\| (counter|gauge|histogram) +\|/gm);
    expect(Array.from(rows, ([, ...type]) => type)).toEqual(types);
  });
});

describe('the tables of docs/nginx.md', () => {
  const page = 'docs/nginx.md';
  const servers = [{ address: 'a:1', ...strange }];
  const upstreams = [{ name: 'a', servers: ['a:1'], ...strange }];
  const certificate = { certificate: '/c', certificateKey: '/k', ...strange };

  it.each<[heading: string, options: object, defaults: object]>([
    ['`generateNginxConfig`', strange, DEFAULTS_OF_NGINX.options],
    ['`upstreams`', { upstreams }, DEFAULTS_OF_NGINX.upstream],
    ['`servers`', { upstreams: [{ name: 'a', servers }] }, DEFAULTS_OF_NGINX.server],
    ['`routes`', { routes: [{ path: '/', upstream: 'a', ...strange }] }, {}],
    ['`performanceApi`', { performanceApi: strange }, DEFAULTS_OF_NGINX.performanceApi],
    ['`tls`', { tls: certificate }, DEFAULTS_OF_NGINX.tls],
    ['`rateLimit`', { rateLimit: { requestsPerSecond: 1, ...strange } }, {}],
    ['`timeouts`', { timeouts: strange }, DEFAULTS_OF_NGINX.timeouts],
    ['`resolver`', { resolver: { addresses: ['::1'], ...strange } }, DEFAULTS_OF_NGINX.resolver],
    ['`include`', { include: strange }, {}],
  ])('%s: every option and its default, and no other', (heading, options, defaults) => {
    const table = optionsBelow(heading, page);
    expect([...table.keys()].sort()).toEqual(known(() => generateNginxConfig(options)));
    for (const [name, value] of Object.entries(defaults)) {
      const code = typeof value === 'string' ? `'${value}'` : String(value);
      expect([name, table.get(name)]).toEqual([name, `\`${code}\``]);
    }
  });
});

describe('the links in the documentation', () => {
  const withoutCode = (page: string): string => read(page).replace(/^```.*?^```$/gms, '');
  const anchor = (heading: string): string =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-');

  it.each(pages)('%s leads somewhere', (page) => {
    const links = [...withoutCode(page).matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link ?? '');
    const dead = links.filter((link) => {
      if (/^https?:/.test(link)) return false;
      const [path = '', fragment] = link.split('#');
      const target = path === '' ? page : join(dirname(page), path);
      if (!existsSync(join(root, target))) return true;
      if (fragment === undefined) return false;
      const headings = [...withoutCode(target).matchAll(/^#+ (.*)$/gm)];
      return !headings.some(([, heading = '']) => anchor(heading) === fragment);
    });
    expect(dead).toEqual([]);
  });
});

describe('the page on keys', () => {
  const keyOf = cached(async (..._args: unknown[]) => 0, {
    keyPrefix: 'T',
    name: 'm',
    cache: new CacheManager(),
  }).keyFor;
  const page = read('docs/keys.md');
  const [, table = ''] = page.split('## Arguments\n');
  const rows = (table.split(/^- /m)[0] ?? '').split('\n').filter((line) => line.startsWith('| `'));
  const cases = rows.flatMap((row) => {
    const [, args = '', segment = '', signature = ''] = row.split('|');
    const code = (cell: string): string[] =>
      [...cell.matchAll(/`([^`]+)`/g)].map((m) => m[1] ?? '');
    return code(args).map(
      (text) => [text, `T:${code(segment)[0] ?? ''}:m${code(signature)[0] ?? ''}`] as const,
    );
  });

  it('shows enough of them', () => {
    expect(cases.length).toBeGreaterThan(20);
  });

  it.each(cases)('has the key of (%s) as it is', (text, expected) => {
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- our own page
    const evaluate = new Function(`return [${text}];`) as () => unknown[];
    expect(keyOf(...evaluate())).toBe(expected);
  });

  it('has the stored form of keys written by hand as it is', async () => {
    const examples = [...page.matchAll(/^\| `cache\.set\('(.*)', …\)` +\| `(.*)` +\|$/gm)];
    expect(examples.length).toBeGreaterThan(3);
    for (const [, key = '', stored] of examples) {
      const store = new Map<string, unknown>();
      await new CacheManager({ store, namespace: 'n' }).set(key, 1);
      expect([...store.keys()]).toEqual([`n:${stored}`]);
    }
  });
});

describe('the troubleshooting page', () => {
  it('explains every warning', () => {
    const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => read(join('src', name)));
    const codes = sources.flatMap((text) => text.match(/'AURORA_[A-Z_]+'(?=,| )/g) ?? []);
    // The variables of the environment are spelt alike.
    const warnings = codes
      .map((code) => code.slice(1, -1))
      .filter((code) => !read('docs/options.md').includes(`\`${code}\``));
    expect(warnings.length).toBeGreaterThan(5);
    const page = read('docs/troubleshooting.md');
    expect(warnings.filter((code) => !page.includes(`\`${code}\``))).toEqual([]);
  });
});

describe('the architecture page', () => {
  const page = read('docs/architecture.md');
  const names = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' });

  it('draws every folder of src/, with what it may import', () => {
    const [, drawing = ''] = /```text\n(index\.ts [^]*?)```/.exec(page) ?? [];
    const drawn = [...drawing.matchAll(/^(\w+)\/ /gm)].map(([, folder]) => folder);
    const folders = readdirSync(join(root, 'src'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
    expect(drawn.sort()).toEqual(folders.sort());
  });

  it('names no file that is not there', () => {
    const files = [...page.matchAll(/`((?:[\w-]+\/)*[\w-]+\.ts)`/g)].map(([, name = '']) => name);
    expect(files.length).toBeGreaterThan(3);
    const isThere = (file: string): boolean =>
      existsSync(join(root, file)) ||
      names.some((name) => name === file || name.endsWith(`/${file}`));
    expect(files.filter((file) => !isThere(file))).toEqual([]);
  });
});
