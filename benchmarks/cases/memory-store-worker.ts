/** Holds the races of the stores in memory, in a process of its own. */
import { serveRaces } from '../harness/afresh.js';
import { races } from './memory-store-races.js';

serveRaces(races);
