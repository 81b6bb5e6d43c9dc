import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = join(__dirname, '../..');

/** A user's project: the packed tarball in node_modules, and nothing that the package does not declare. */
export class PackedProject {
  private constructor(readonly folder: string) {}

  /** @param peers - Optional peers and types that are installed as well. */
  static async create(...peers: readonly string[]): Promise<PackedProject> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'aurora-cache-user-')));
    const project = new PackedProject(folder);
    const script = `
      import { pack } from ${JSON.stringify(join(root, 'scripts/package.mjs'))};
      console.log(await pack(${JSON.stringify(folder)}));`;
    const args = ['--input-type=module', '--eval', script];
    const tarball = (await run(process.execPath, args, { cwd: root })).stdout.trim();
    await mkdir(project.installed(), { recursive: true });
    await run('tar', ['-xzf', tarball, '-C', project.installed(), '--strip-components=1']);
    const { dependencies } = await project.manifest();
    for (const name of [...Object.keys(dependencies), ...peers]) await project.link(name);
    await project.write('package.json', '{ "private": true, "type": "module" }');
    return project;
  }

  /** A path in the installed package. */
  installed(...path: string[]): string {
    return join(this.folder, 'node_modules/aurora-cache', ...path);
  }

  async manifest(): Promise<{ version: string; dependencies: Record<string, string> }> {
    const text = await readFile(this.installed('package.json'), 'utf8');
    return JSON.parse(text) as { version: string; dependencies: Record<string, string> };
  }

  async write(name: string, text: string): Promise<string> {
    const path = join(this.folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
    return path;
  }

  /** Runs a script of the project to its natural end: nothing here calls process.exit(). */
  async node(name: string, text: string): Promise<unknown> {
    const path = await this.write(name, text);
    const { stdout } = await run(process.execPath, [path], { cwd: this.folder, timeout: 60_000 });
    return JSON.parse(stdout) as unknown;
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  /** By links and not by `npm install`, which would request the dependencies over the network. */
  private async link(name: string): Promise<void> {
    const path = join(this.folder, 'node_modules', name);
    await mkdir(dirname(path), { recursive: true });
    await symlink(join(root, 'node_modules', name), path, 'junction');
  }
}
