/** Runs the races of the tricks, in a separate process. */
import { serveRaces } from '../harness/afresh.js';
import { races } from './ablation-races.js';

serveRaces(races);
