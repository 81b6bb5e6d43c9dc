#!/usr/bin/env node
import { run } from './program.js';

// The reader of a pipe may close it early: `| head`. Other errors reach the code that writes.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);

process.exitCode = await run(process.argv.slice(2));
