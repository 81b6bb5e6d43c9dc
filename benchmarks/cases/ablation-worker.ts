/** Runs the ablation races in a separate process. */
import { serveRaces } from '../harness/afresh.js';
import { races } from './ablation-races.js';

serveRaces(races);
