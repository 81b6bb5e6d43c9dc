#!/usr/bin/env node
import { run } from './program.js';

// Whoever reads may stop when he has seen enough: `| head`. Other errors reach whoever writes.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);

process.exitCode = await run(process.argv.slice(2));
