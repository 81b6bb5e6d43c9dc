import { readFile } from 'node:fs/promises';
import { cpus, release, totalmem, type as system } from 'node:os';

const here = new URL('..', import.meta.url);

/** The machine and versions that the measurements of a run depend on. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly system: string;
  readonly node: string;
  readonly v8: string;
  /** Package to installed version. */
  readonly packages: Readonly<Record<string, string>>;
}

/** This machine, and the versions of our package and of the rivals that are installed. */
export async function machine(): Promise<Machine> {
  const own = await manifest(new URL('package.json', here));
  const packages: Record<string, string> = {};
  for (const name of Object.keys(own.dependencies ?? {})) {
    const file = new URL(`node_modules/${name}/package.json`, here);
    const version = await manifest(file).catch(() => undefined);
    if (version?.version !== undefined) packages[name] = version.version;
  }
  const ours = await manifest(new URL('../package.json', here));
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${system()} ${release()}`,
    node: process.version,
    v8: process.versions.v8,
    packages: { 'aurora-cache': ours.version ?? '', ...packages },
  };
}

/** The machine in two lines. */
export function described(found: Machine): string[] {
  const { cpu, cores, memoryGb, node, v8, packages } = found;
  return [
    `${cpu}, ${String(cores)} cores, ${String(memoryGb)} GB, ${found.system}; Node ${node}, V8 ${v8}`,
    Object.entries(packages)
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
  ];
}

interface Manifest {
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

async function manifest(file: URL): Promise<Manifest> {
  return JSON.parse(await readFile(file, 'utf8')) as Manifest;
}
