import { backOff } from '../../../src/redis/connection/delays.js';

describe('the pauses between attempts to connect', () => {
  it('double up to a second; ioredis counts its attempts from 1', () => {
    expect([0, 1, 2, 3, 4, 5, 1000].map(backOff)).toEqual([50, 100, 200, 400, 800, 1000, 1000]);
  });
});
