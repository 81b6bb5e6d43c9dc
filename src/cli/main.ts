#!/usr/bin/env node
import { run } from './program.js';

// A reader such as `| head` may close the pipe early. Other errors reach the code that writes.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);

process.exitCode = await run(process.argv.slice(2));
