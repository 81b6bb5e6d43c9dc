import { Ghosts } from '../../../../src/memory/eviction/ghosts.js';
import { mixed } from '../../../../src/memory/eviction/seeded-hash.js';
import { MiniCache } from '../../../../src/memory/eviction/mini-cache.js';
import { SampledKeys } from '../../../../src/memory/eviction/sampled-keys.js';
import { SETTINGS, type Setting } from '../../../../src/memory/eviction/setting.js';
import { randomFrom } from '../../../support/eviction-model.js';

const ENTRIES = 2048;
const SAMPLED = 64;
const ACCESSES = 20_000;

describe('the estimates of ghosts', () => {
  it('take for granted that a store with longer lives chooses a setting that suits it', () => {
    // Keys are read about four times in short order, and never again. Where they expire soon, a small
    // window does; where they do not, it fills the store with what was popular once.
    const setting = SETTINGS[1] as Setting;
    const random = randomFrom(1);
    const ghosts = new Ghosts(setting, false);
    ghosts.fit(ENTRIES, ENTRIES);
    const numbers = new SampledKeys();
    const store = new MiniCache(numbers, setting, false);
    store.capacity = SAMPLED;
    const active = Array.from({ length: 25 }, (_, i) => i + 1);
    let next = active.length + 1;
    for (let now = 0; now < ACCESSES; now++) {
      const place = Math.floor(active.length * random());
      const key = active[place] ?? 0;
      if (random() < 0.25) active[place] = next++;
      const access = { hash: mixed(key), size: 1, weight: 1, life: 3 * SAMPLED, now };
      ghosts.access(access);
      const number = numbers.take(access.hash);
      store.access(number, access);
      numbers.release(number);
    }
    const times = ENTRIES / SAMPLED;
    const { hitRate, lives, sizes } = ghosts.report(times * ACCESSES, times * store.missed.misses);
    for (const { hitRate: estimate } of lives) expect(estimate).toBeGreaterThan(hitRate - 1);
    for (const { times, hitRate: estimate } of sizes) {
      if (times > 1) expect(estimate).toBeGreaterThan(hitRate - 1);
    }
  });
});
