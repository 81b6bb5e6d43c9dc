import { Command } from 'commander';

import { isCacheError } from '../base/errors/errors.js';
import { printableLines } from '../base/errors/printable.js';
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
Without --config, all options have their defaults. All errors in the options are
reported at once. Editors complete and check the file with
"$schema": "./node_modules/aurora-cache/schemas/nginx.schema.json".

--check runs the nginx of this machine as the current user, and writes for its
version unless nginxVersion is set. Relative paths start from the folder of
nginx's own configuration. If nginx rejects the configuration, nothing is
written.

Examples:
  aurora-cache nginx > nginx.conf
  aurora-cache nginx --config balance.json --check --out /etc/nginx/nginx.conf
  echo '{}' | aurora-cache nginx --config -`;

/** `aurora-cache nginx`: writes the configuration of a load balancer. */
export function nginxCommand(): Command {
  return new Command('nginx')
    .description('write an nginx configuration for several instances')
    .option('-c, --config <file>', 'JSON file with the options; - for standard input')
    .option('-o, --out <path>', 'file to replace atomically; default, or -: standard output')
    .option('--check', 'run nginx -t on the configuration before writing it')
    .addHelpText('after', NOTES)
    .action(async (flags: Flags) => {
      await checkFlags(flags);
      const { context, text } = await generate(flags);
      if (flags.check) warn(await checkWithNginx(text, context));
      if (flags.out === undefined || flags.out === '-') await print(text);
      else await writeOutput(flags.out, text);
    });
}

async function checkFlags({ config, out }: Flags): Promise<void> {
  if (config === '') throw new Failure('--config: the file name is empty.', EXIT.usage);
  if (out === '') throw new Failure('--out: the path is empty.', EXIT.usage);
  if (config === undefined || out === undefined || !(await isSameFile(config, out))) return;
  throw new Failure('--out would overwrite the --config file.', EXIT.usage);
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
      // A reader such as `| head` may close the pipe early.
      if (error == null || codeOf(error) === 'EPIPE') done();
      else failed(new Failure(`cannot write to standard output: ${reason(error)}.`, EXIT.failed));
    });
  });
}
