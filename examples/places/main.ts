import { configureCache, isCacheError } from 'aurora-cache';

import { PlaceRepository } from './data.js';
import { ListenError } from './listener.js';
import { readOptions, USAGE, UsageError, type Task } from './options.js';
import { PlaceService } from './place-service.js';
import { serve } from './serve.js';
import { tour } from './tour.js';

process.exitCode = await main(process.argv.slice(2));

/** Runs the requested task and returns the exit code. */
async function main(args: string[]): Promise<number> {
  let task: Task;
  try {
    task = readOptions(args, process.env);
  } catch (error) {
    if (error instanceof UsageError) return refuse(error.message, 2);
    return refuse(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`, 2);
  }
  if (task.kind === 'help') console.log(USAGE);
  else if (task.kind === 'tour') await showTour();
  else {
    try {
      await serve(task.options, console.log);
    } catch (error) {
      if (error instanceof ListenError) return refuse(error.message, 1);
      if (isCacheError(error)) return refuse(error.message, 2);
      throw error;
    }
  }
  return 0;
}

function refuse(message: string, exitCode: number): number {
  console.error(message);
  return exitCode;
}

async function showTour(): Promise<void> {
  // Decorators use the process's default cache unless they are given one.
  const cache = configureCache({ name: 'places', maxMemoryItems: 500, memory: { freeze: true } });
  const repository = new PlaceRepository();
  await tour(cache, repository, new PlaceService(repository), console.log);
  await cache.close();
}
