/** Runs the races of memory hits in a separate process. */
import { serveRaces } from '../harness/afresh.js';
import { races } from './memory-hit-races.js';

serveRaces(races);
