/**
 * Helpers for tests of cached services: a clock that tests advance, a store that fails on demand, and the
 * contract that a store must satisfy.
 *
 * @packageDocumentation
 */
export { FaultStore, type Fault, type StoreOperation } from './fault-store.js';
export { ManualClock } from './manual-clock.js';
export { storeContract, type StoreCase, type StoreUnderTest } from './store-contract.js';
