import { getSystemErrorMap } from 'node:util';

/** Exit codes, as `--help` and docs/cli.md list them. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

/** Ends the command: the message goes to stderr without a stack. */
export class Failure extends Error {
  constructor(
    message: string,
    readonly exitCode: number,
  ) {
    super(message);
    this.name = 'Failure';
  }
}

/** The system's description of an error, without the path, which our message already has. */
export function reason(error: unknown): string {
  const { code, errno, message } = error as NodeJS.ErrnoException;
  if (code === 'EISDIR') return 'it is a directory';
  return (errno !== undefined && getSystemErrorMap().get(errno)?.[1]) || message;
}

/** The code of a system error, such as `ENOENT`. */
export function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
