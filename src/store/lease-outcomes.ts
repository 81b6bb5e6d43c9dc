import type { SharedEntry } from './entry-codec.js';

/** The reply to a request for a lease; `unsent`: the store was not asked. */
export type LeaseAnswer =
  | 'unsent'
  | { readonly granted: true; readonly entry: SharedEntry | undefined }
  | { readonly granted: false; readonly holder: string; readonly remainingMs: number };

/** Outcome of a fill. */
export type FillOutcome = 'stored' | 'refused' | 'failed';
