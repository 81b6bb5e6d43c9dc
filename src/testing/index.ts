/**
 * Helpers for tests of cached services: a clock that is moved by hand, a store that fails on
 * demand, and the contract that a store must keep.
 *
 * @packageDocumentation
 */
export { FaultStore, type Fault, type StoreOperation } from './fault-store.js';
export { ManualClock } from './manual-clock.js';
export { storeContract, type StoreCase, type StoreUnderTest } from './store-contract.js';
