import { createRequire } from 'node:module';

import { Command, CommanderError } from 'commander';

import { printable, printableLines } from '../base/printable.js';
import { EXIT, Failure } from './failure.js';
import { nginxCommand } from './nginx-command.js';

const { version } = createRequire(import.meta.url)('aurora-cache/package.json') as {
  version: string;
};

const EXIT_CODES = `
Exit codes:
  0  done
  1  a file could not be read or written, nginx refused or is missing
  2  the command was misspelt, or the configuration has a mistake`;

/**
 * Runs the command of the arguments, and returns the exit code. Mistakes are reported on stderr.
 *
 * @param args - Without the program's own name.
 */
export async function run(args: readonly string[]): Promise<number> {
  try {
    await program().parseAsync(words(args), { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    // It has said what is wrong; help that was asked for comes this way too.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (error instanceof Failure) return tell(error.message, error.exitCode);
    return tell(defect(error), EXIT.failed);
  }
}

function program(): Command {
  const command = new Command('aurora-cache')
    .description('The command line of aurora-cache, the caching SDK.')
    .version(version, '-v, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
    .addHelpText('afterAll', EXIT_CODES)
    .exitOverride()
    .configureOutput({
      outputError: (message) => {
        tell(printable(shown(message)), EXIT.usage);
      },
    });
  const nginx = nginxCommand().copyInheritedSettings(command);
  return command.addCommand(nginx);
}

/** `--name=value` as two words: an unknown name is then reported without its value, with a hint. */
function words(args: readonly string[]): string[] {
  return args.flatMap((arg) => {
    const [, name, value] = /^(--[^=]+)=(.*)$/s.exec(arg) ?? [];
    return name === undefined || value === undefined ? [arg] : [name, value];
  });
}

/** The message of the parser as ours are, and of `-psecret` no more than the letter. */
function shown(message: string): string {
  return message
    .trimEnd()
    .replace(/^error: /, '')
    .replace(/unknown option '(-[^-])[^\n]*'/, "unknown option '$1'")
    .replace(/\n\((Did you mean .*\?)\)$/s, '. $1');
}

function defect(error: unknown): string {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  if (process.env['AURORA_DEBUG'] === '1' && stack !== undefined) return stack;
  return `unexpected: ${message} (AURORA_DEBUG=1 shows where)`;
}

function tell(message: string, exitCode: number): number {
  process.stderr.write(`aurora-cache: ${printableLines(message)}\n`);
  return exitCode;
}
