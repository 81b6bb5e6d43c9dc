import { Command } from 'commander';

import { isCacheError } from '../base/errors.js';
import { printableLines } from '../base/printable.js';
import { generateNginxConfig, type NginxOptions } from '../nginx/index.js';
import { nameOf, readConfig } from './config-file.js';
import { codeOf, EXIT, Failure, reason } from './failure.js';
import { checkWithNginx, versionOfNginx } from './nginx-check.js';
import { isSameFile, writeOutput } from './output-file.js';

interface Flags {
  readonly config?: string;
  readonly out?: string;
  readonly check?: true;
}

const NOTES = `
Without --config, all options have their defaults. All mistakes are reported at
once. Editors complete and check the file with
"$schema": "./node_modules/aurora-cache/schemas/nginx.schema.json".

--check asks the nginx of this machine, as the user who runs it, and writes for
its version unless the options have an nginxVersion. Relative paths
count from the folder of nginx's own configuration. When nginx refuses, nothing
is written.

Examples:
  aurora-cache nginx > nginx.conf
  aurora-cache nginx --config balance.json --check --out /etc/nginx/nginx.conf
  echo '{}' | aurora-cache nginx --config -`;

/** `aurora-cache nginx`: the configuration of a load balancer in front of several instances. */
export function nginxCommand(): Command {
  return new Command('nginx')
    .description('write a configuration of nginx for several instances')
    .option('-c, --config <file>', 'JSON file with the options; - is standard input')
    .option('-o, --out <path>', 'file to write, in one step; default and - are standard output')
    .option('--check', 'have it checked by nginx -t before it is written')
    .addHelpText('after', NOTES)
    .action(async (flags: Flags) => {
      await refuseMixUp(flags);
      const { context, text } = await generate(flags);
      if (flags.check) warn(await checkWithNginx(text, context));
      if (flags.out === undefined || flags.out === '-') await print(text);
      else await writeOutput(flags.out, text);
    });
}

async function refuseMixUp({ config, out }: Flags): Promise<void> {
  if (config === '') throw new Failure('--config: the name of the file is empty.', EXIT.usage);
  if (out === '') throw new Failure('--out: the path is empty.', EXIT.usage);
  if (config === undefined || out === undefined || !(await isSameFile(config, out))) return;
  throw new Failure('--out would overwrite the file of --config.', EXIT.usage);
}

async function generate({
  config,
  check,
}: Flags): Promise<Pick<NginxOptions, 'context'> & { text: string }> {
  const given: NginxOptions = config === undefined ? {} : await readConfig(config);
  const found = check && given.nginxVersion === undefined ? await versionOfNginx() : undefined;
  const options = found === undefined ? given : { ...given, nginxVersion: found };
  try {
    return { context: options.context, text: generateNginxConfig(options) };
  } catch (error) {
    if (!isCacheError(error)) throw error;
    const name = config === undefined ? '--check' : nameOf(config);
    throw new Failure(`${name}: ${error.message}`, EXIT.usage);
  }
}

function warn(lines: string): void {
  if (lines !== '') process.stderr.write(`${printableLines(lines)}\n`);
}

async function print(text: string): Promise<void> {
  await new Promise<void>((done, failed) => {
    process.stdout.write(text, (error) => {
      // The reader of a pipe may close it early: `| head`.
      if (error == null || codeOf(error) === 'EPIPE') done();
      else failed(new Failure(`cannot write to standard output: ${reason(error)}.`, EXIT.failed));
    });
  });
}
