/**
 * What tests of cached services need: a clock that is moved by hand, and a store that fails on
 * demand.
 *
 * @packageDocumentation
 */
export { FaultStore, type Fault, type StoreOperation } from './fault-store.js';
export { ManualClock } from './manual-clock.js';
