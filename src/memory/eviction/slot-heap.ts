import { NONE } from './policy.js';
import { grown } from './typed-arrays.js';

/**
 * A binary heap of slots: the one with the lowest priority is on top.
 *
 * @internal
 */
export class SlotHeap {
  private slots = new Uint32Array(16);
  /** By slot. */
  private priorities = new Float64Array(1);
  /** By slot, its index in the heap. */
  private indexes = new Uint32Array(1);
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** The slot with the lowest priority; 0 when there is none. */
  get top(): number {
    return this.count === 0 ? NONE : (this.slots[0] as number);
  }

  priorityOf(slot: number): number {
    return this.priorities[slot] as number;
  }

  add(slot: number, priority: number): void {
    if (slot >= this.priorities.length) {
      this.priorities = grown(this.priorities, slot);
      this.indexes = grown(this.indexes, slot);
    }
    if (this.count === this.slots.length) this.slots = grown(this.slots, this.count);
    this.priorities[slot] = priority;
    this.rise(slot, this.count++);
  }

  remove(slot: number): void {
    const last = this.slots[--this.count] as number;
    if (last !== slot) this.settle(last, this.indexes[slot] as number);
  }

  /** Gives a slot another priority. */
  update(slot: number, priority: number): void {
    this.priorities[slot] = priority;
    this.settle(slot, this.indexes[slot] as number);
  }

  /** Puts a slot at an index, or where its priority belongs above or below it. */
  private settle(slot: number, index: number): void {
    const parent = this.slots[(index - 1) >> 1] as number;
    const { priorities } = this;
    if (index > 0 && (priorities[slot] as number) < (priorities[parent] as number)) {
      this.rise(slot, index);
    } else {
      this.sink(slot, index);
    }
  }

  private rise(slot: number, from: number): void {
    const { indexes, priorities, slots } = this;
    const priority = priorities[slot] as number;
    let index = from;
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = slots[above] as number;
      if ((priorities[parent] as number) <= priority) break;
      slots[index] = parent;
      indexes[parent] = index;
      index = above;
    }
    slots[index] = slot;
    indexes[slot] = index;
  }

  private sink(slot: number, from: number): void {
    const { count, indexes, priorities, slots } = this;
    const priority = priorities[slot] as number;
    let index = from;
    for (let child = 2 * index + 1; child < count; child = 2 * index + 1) {
      let lower = slots[child] as number;
      if (child + 1 < count) {
        const other = slots[child + 1] as number;
        if ((priorities[other] as number) < (priorities[lower] as number)) {
          lower = other;
          child++;
        }
      }
      if ((priorities[lower] as number) >= priority) break;
      slots[index] = lower;
      indexes[lower] = index;
      index = child;
    }
    slots[index] = slot;
    indexes[slot] = index;
  }
}
