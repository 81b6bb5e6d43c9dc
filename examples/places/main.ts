import { parseArgs } from 'node:util';

import { configureCache } from 'aurora-cache';

import { PlaceRepository } from './data.js';
import { PlaceService } from './place-service.js';
import { tour } from './tour.js';

const USAGE = `Usage: npm start [-- <options>]

Runs an example service on the places of the world, and shows what its cache did.

Options:
  --serve  serve the example over HTTP (not in this version)
  --help   show this text`;

const OPTIONS = { serve: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const;

process.exitCode = await main(process.argv.slice(2));

/** Runs what the arguments ask for, and answers the exit code. */
async function main(args: string[]): Promise<number> {
  let options: ReturnType<typeof parse>;
  try {
    options = parse(args);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return 2;
  }
  if (options.help === true) {
    console.log(USAGE);
    return 0;
  }
  if (options.serve === true) {
    console.error('--serve is not in this version: it comes with the HTTP handlers.');
    return 2;
  }
  // Decorators use the process's default cache unless they are given one.
  const cache = configureCache({ name: 'places', maxMemoryItems: 500, memory: { freeze: true } });
  const repository = new PlaceRepository();
  await tour(cache, repository, new PlaceService(repository), console.log);
  await cache.close();
  return 0;
}

function parse(args: string[]) {
  return parseArgs({ args, options: OPTIONS }).values;
}
