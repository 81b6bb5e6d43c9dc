import type { Clock, TimerHandle } from '../../base/time/clock.js';
import { LIMITS } from '../../base/options/defaults.js';

/*
 * Determines the load in which a call is made. AsyncLocalStorage could do that, but before Node 24 a single
 * `run` slows down every later `await` of the process. Instead, each loader runs in a function with a
 * numbered name, and a call that has to wait captures its stack. V8 follows `await` (and `Promise.all`)
 * there, so that the innermost such name is the load. The stack is read only after the call has waited for a
 * while.
 */
const NAME = 'auroraLoad#';

/** One run of a loader, and the calls that wait for it. */
export class LoadNode {
  /** How often a caller that joined may start another load, now that this one has failed. */
  joinerRetries = 0;
  /** Position among all loads of the process, in the order of their starts. */
  order = Infinity;
  readonly origins = new Set<CallOrigin>();
  private timer: TimerHandle = undefined;

  constructor(readonly key: string) {}

  add(origin: CallOrigin | undefined): void {
    if (origin !== undefined && this.origins.size < LIMITS.loadOrigins) this.origins.add(origin);
  }

  /** The call no longer waits. */
  remove(origin: CallOrigin | undefined, clock: Clock): void {
    if (origin === undefined) return;
    this.origins.delete(origin);
    if (this.origins.size > 0 || this.timer === undefined) return;
    clock.clearTimeout(this.timer);
    this.timer = undefined;
  }

  /** After a while, checks whether this load in turn waits for a call that waits for it. */
  checkLater(clock: Clock, ms: number): void {
    const check = (): void => {
      this.timer = undefined;
      for (const origin of this.origins) origin.check(this);
    };
    this.timer ??= clock.setTimeout(check, ms);
  }
}

/** Where a call was made: in the load that is running, or the one that its stack trace names. */
export class CallOrigin {
  /** Ends the wait of a call that the load waits for; receives the keys of the cycle. */
  onCycle: ((keys: readonly string[]) => void) | undefined;
  private readonly madeAt = started;
  private trace: { readonly stack?: unknown } | undefined;

  constructor(private node: LoadNode | undefined) {
    if (node === undefined) this.trace = captureStack();
  }

  /** The innermost load in which the call was made, if it can be determined. */
  get load(): LoadNode | undefined {
    if (this.trace === undefined) return this.node;
    const index = slotOf(this.trace);
    this.trace = undefined;
    const node = index === undefined ? undefined : slots[index]?.node;
    // A later load may have taken the slot since.
    if (node !== undefined && node.order <= this.madeAt) this.node = node;
    return this.node;
  }

  check(joined: LoadNode): void {
    const { onCycle } = this;
    this.onCycle = undefined;
    const path = onCycle === undefined ? undefined : pathTo(this, joined, [], new Set());
    if (path !== undefined) onCycle?.(path);
  }
}

/** The keys from a call's own load to another one that it was made in, directly or through others. */
function pathTo(
  origin: CallOrigin,
  target: LoadNode,
  path: readonly string[],
  seen: Set<LoadNode>,
): readonly string[] | undefined {
  const node = origin.load;
  if (node === undefined || seen.has(node)) return undefined;
  seen.add(node);
  const longer = [...path, node.key];
  if (node === target) return longer;
  for (const next of node.origins) {
    const found = pathTo(next, target, longer, seen);
    if (found !== undefined) return found;
  }
  return undefined;
}

type Invoke = (loader: () => unknown) => Promise<unknown>;

interface Slot {
  readonly invoke: Invoke;
  node: LoadNode | undefined;
}

const slots: Slot[] = [];
const free: number[] = [];
let started = 0;
let running = 0;
/** The load whose loader is on the stack, before its first `await`. */
let current: LoadNode | undefined;
/** Number of loads on the stack. */
let depth = 0;

/** The origin of the call that is being made; `undefined` while no loader runs. */
export function originOfCall(): CallOrigin | undefined {
  return running === 0 ? undefined : new CallOrigin(current);
}

/**
 * Calls a loader as a separate load. It is called at once, or in the next microtask if the number of loads on
 * the stack might make the stack overflow.
 *
 * @internal
 */
export function callInside(node: LoadNode, loader: () => unknown): Promise<unknown> {
  if (depth < LIMITS.nestedLoads) return enter(node, loader);
  return Promise.resolve().then(() => enter(node, loader));
}

function enter(node: LoadNode, loader: () => unknown): Promise<unknown> {
  const outer = current;
  current = node;
  node.order = ++started;
  depth++;
  running++;
  try {
    return invokeIn(node)(loader);
  } finally {
    depth--;
    current = outer;
  }
}

function invokeIn(node: LoadNode): Invoke {
  const index = free.pop() ?? slots.length;
  const slot = slots[index];
  if (slot !== undefined) {
    slot.node = node;
    return slot.invoke;
  }
  if (index >= LIMITS.namedLoads) return invokeUnnamed;
  const invoke = named(index);
  slots.push({ invoke, node });
  return invoke;
}

function named(index: number): Invoke {
  const invoke: Invoke = async (loader) => {
    try {
      return await loader();
    } finally {
      running--;
      (slots[index] as Slot).node = undefined;
      free.push(index);
    }
  };
  return Object.defineProperty(invoke, 'name', { value: `${NAME}${String(index)}` });
}

async function invokeUnnamed(loader: () => unknown): Promise<unknown> {
  try {
    return await loader();
  } finally {
    running--;
  }
}

function captureStack(): { readonly stack?: unknown } {
  const trace: { stack?: unknown } = {};
  // Engines other than V8 have no such function, and hardened realms a frozen Error.
  if (!('captureStackTrace' in Error) || Object.isFrozen(Error)) return trace;
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = LIMITS.originFrames;
  Error.captureStackTrace(trace, originOfCall);
  Error.stackTraceLimit = stackTraceLimit;
  return trace;
}

/** The slot of the innermost load on a stack. */
function slotOf(trace: { readonly stack?: unknown }): number | undefined {
  if (Object.isFrozen(Error)) return undefined;
  // eslint-disable-next-line @typescript-eslint/unbound-method -- put back as it was
  const { prepareStackTrace } = Error;
  // Avoids building the text, and the source maps that some programs apply to it.
  Error.prepareStackTrace = (_, frames) => {
    for (const frame of frames) {
      const name = frame.getFunctionName();
      if (name?.startsWith(NAME) === true) return Number(name.slice(NAME.length));
    }
    return undefined;
  };
  try {
    return trace.stack as number | undefined;
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
  }
}
