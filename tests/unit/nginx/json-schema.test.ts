import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { Ajv } from 'ajv';

const ROOT = join(__dirname, '../../..');
const schema = JSON.parse(readFileSync(join(ROOT, 'schemas/nginx.schema.json'), 'utf8')) as object;
const validate = new Ajv({ allowUnionTypes: true }).compile(schema);

describe('the JSON schema of nginx.json', () => {
  it('is what is made of the checks and the doc comments', () => {
    const words = ['--import', 'tsx', 'scripts/nginx-schema.mjs', '--check'];
    const { status, stderr } = spawnSync(process.execPath, words, { cwd: ROOT, encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
  });

  const upstream = { name: 'api', servers: ['10.0.0.1:80', { address: 'b:80', weight: 2 }] };

  it.each([
    {},
    JSON.parse(readFileSync(join(ROOT, 'docs/deploy/nginx.json'), 'utf8')) as object,
    { upstreams: [upstream], performanceApi: false, timeouts: { read: '5m', send: 30 } },
    { tls: { certificate: '/c.pem', certificateKey: '/k.pem', hsts: false } },
    { headers: { 'X-Team': 'blue' }, accessLog: false, include: { server: ['/etc/a/*.conf'] } },
  ])('takes %j', (options) => {
    expect([validate(options), validate.errors]).toEqual([true, null]);
  });

  it.each([
    { prot: 80 },
    { port: '80' },
    { port: 70_000 },
    { gzip: 'on' },
    { timeouts: { read: '5x' } },
    { upstreams: [{ servers: ['a:1'] }] },
    { upstreams: [{ ...upstream, servers: [] }] },
    { upstreams: [{ ...upstream, servers: [{ address: 'a:1', weigth: 1 }] }] },
    { upstreams: [{ ...upstream, strategy: 'sticky' }] },
    { performanceApi: true },
    { accessLog: 'access.log' },
    { tls: { certificate: '/c.pem' } },
    { headers: { 'X Team': 'blue' } },
    { headers: { 'X-Team': '$host' } },
  ])('refuses %j', (options) => {
    expect(validate(options)).toBe(false);
  });
});
