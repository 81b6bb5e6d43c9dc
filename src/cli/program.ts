import { createRequire } from 'node:module';

import { Command, CommanderError } from 'commander';

import { printable, printableLines } from '../base/errors/printable.js';
import { EXIT, Failure } from './failure.js';
import { nginxCommand } from './nginx-command.js';

const { version } = createRequire(import.meta.url)('aurora-cache/package.json') as {
  version: string;
};

const EXIT_CODES = `
Exit codes:
  0  success
  1  a file error, or nginx is missing or rejects the configuration
  2  the command line or the configuration has an error`;

/**
 * Runs the command and reports errors on stderr.
 *
 * @param args - The arguments, without the program name.
 * @returns The exit code.
 */
export async function run(args: readonly string[]): Promise<number> {
  try {
    await program().parseAsync(splitValues(args), { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    // Commander has already printed the error, or the help.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (error instanceof Failure) return report(error.message, error.exitCode);
    return report(unexpected(error), EXIT.failed);
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
        report(printable(inOurStyle(message)), EXIT.usage);
      },
    });
  const nginx = nginxCommand().copyInheritedSettings(command);
  return command.addCommand(nginx);
}

/** Splits `--name=value`, so that an unknown name is reported without its value and with a hint. */
function splitValues(args: readonly string[]): string[] {
  return args.flatMap((arg) => {
    const [, name, value] = /^(--[^=]+)=(.*)$/s.exec(arg) ?? [];
    return name === undefined || value === undefined ? [arg] : [name, value];
  });
}

/** Commander's message in our style. Shows only the letter of `-psecret`. */
function inOurStyle(message: string): string {
  return message
    .trimEnd()
    .replace(/^error: /, '')
    .replace(/unknown option '(-[^-])[^\n]*'/, "unknown option '$1'")
    .replace(/\n\((Did you mean .*\?)\)$/s, '. $1');
}

function unexpected(error: unknown): string {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  if (process.env['AURORA_DEBUG'] === '1' && stack !== undefined) return stack;
  return `unexpected: ${message} (AURORA_DEBUG=1 shows where)`;
}

function report(message: string, exitCode: number): number {
  process.stderr.write(`aurora-cache: ${printableLines(message)}\n`);
  return exitCode;
}
