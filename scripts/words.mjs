/**
 * The lists behind `npm run check:words`. A hit is rewritten, or listed in `EXCEPTIONS` with a reason.
 */

/** Tests, benchmarks and scripts may hold a question and its answer as data. */
const SHIPPED = /^(?:src|docs|dashboard|examples)\/|^[^/]+$/;

/**
 * Words and phrases that a native engineer would not use here, and what to write instead; `under` limits
 * one to some files.
 */
export const WORDS = [
  { pattern: /\b(?:whoever|whatever|whosoever)\b/i, instead: 'name the caller, or the thing' },
  {
    pattern: /\b(?:some|no|every|any)body\b/i,
    instead: 'name the caller: "a caller", "no caller"',
  },
  { pattern: /\b(?:he|him|his|himself)\b/i, instead: '"it" or "its": a caller is a program' },
  { pattern: /\banew\b/i, instead: '"again" or "from scratch"' },
  { pattern: /\banswers (?:the|a|with|to)\b/i, instead: '"returns" or "responds with"' },
  { pattern: /\btells? (?:of|whoever)\b/i, instead: '"reports"' },
  { pattern: /\bof (?:theirs|ours)\b/i, instead: '"their", "our"' },
  { pattern: /\bfor want of\b/i, instead: '"because of missing", "to make room"' },
  {
    pattern: /\b(?:is|are|be|was|were) (?:asked for|heard of)\b/i,
    instead: '"requested", "known"',
  },
  { pattern: /\bmemories agree\b/i, instead: '"local copies stay in sync"' },
  {
    pattern: /\bof (?:its|their|our|one's) own\b/i,
    instead: '"its own …", "a separate …"',
  },
  { pattern: /\brest of (?:its|their) li(?:fe|ves)\b/i, instead: '"remaining life"' },
  { pattern: /\bby (?:themselves|herself)\b/i, instead: '"on their own"' },
  { pattern: /(?<!`)\bdialects?\b/i, instead: '"decorator mode"' },
  {
    // To make or leave room for something is idiomatic.
    pattern: /(?<!\b(?:make|makes|made|making|leave|leaves|left) )\brooms?\b(?! for)/i,
    instead: '"folder", "space"',
  },
  {
    pattern: /\bfigures\b/i,
    instead: '"statistics", "counters", "measurements"',
  },
  {
    // A store that does not answer is idiomatic.
    pattern: /(?<!\b(?:not|to|cannot|never) )\banswers?\b/i,
    instead: '"reply", "response"; "returns"',
    under: SHIPPED,
  },
  {
    pattern: /\bask(?:s|ed|ing)?\b/i,
    instead: '"requests", "reads", "prompts"',
    under: SHIPPED,
  },
];

/** A sentence, or a title, must not have such a clause as its subject. Questions may begin so. */
export const SENTENCE = /^(?:What(?! to )|Whatever|Who|Whoever|Whose)\b/;

/** Places where a hit is right: every one is used, or the check fails. */
export const EXCEPTIONS = [
  {
    file: 'tests/integration/words.test.ts',
    text: '',
    reason: 'It seeds violations, to show that the check finds them.',
  },
];

/**
 * Identifiers that were replaced by the field's words, below the folder where they had the old meaning.
 * `Fence`, `claim` and `place` stay where they have another one.
 */
export const IDENTIFIERS = [
  { names: /^engines?$/i, under: 'src/', instead: 'CacheCore' },
  {
    names: /^(?:flights?|takeOff|enlist|flyOn|landsOn|land|landing)$/i,
    under: 'src/',
    instead:
      'InFlightLoad, startLoad, register, continueLoad, trySettleFromStore, settle, LoadOutcome',
  },
  { names: /^(?:Turn|takeTurn)$/, under: 'src/', instead: 'LeaseDecision, acquireLoadLease' },
  {
    names: /^(?:ELSEWHERE|OVERDUE|TAGS_FOLLOW)$/,
    under: 'src/',
    instead: 'LOADING_ELSEWHERE, JOIN_TIMEOUT, TAGS_FROM_RESULT',
  },
  {
    names: /^(?:doubt|doubtful|doubtAll)$/,
    under: 'src/',
    instead: 'invalidatedLocally, invalidatedRemotely',
  },
  {
    names: /^(?:proof|admits|unproven)$/,
    under: 'src/',
    instead: 'fillConfirmation, canJoin, rejectedLoad',
  },
  {
    names: /^(?:seizeLease|returnLater|hung)$/,
    under: 'src/',
    instead: 'forceAcquireLease, retryRelease, timedOutHolders',
  },
  { names: /^HitClock$/, under: 'src/', instead: 'coarseClock' },
  {
    names: /^(?:Site|SitePlace|Located)$/,
    under: 'src/',
    instead: 'MethodBinding, BindingKey, ResolvedCall',
  },
  {
    names: /^(?:Owners|EntryOwner|adopt|EntryPlaces|extent)$/,
    under: 'src/',
    instead: 'EntryIndex, registerIndex, onRemove, SlotTable, capacity',
  },
  { names: /^(?:place|claim)$/, under: 'src/memory/', instead: 'slot, registerIndex' },
  {
    names: /^(?:Guard|Eraser|hurry|soon|makeGood)$/,
    under: 'src/',
    instead: 'StoreCall, BulkDelete, probeNow, schedule, replay',
  },
  { names: /^Layout$/, under: 'src/', instead: 'RedisKeys, RowSchema' },
  {
    names: /^(?:(?:Request|Method|Timing|Route)(?:Figures|Record))$/,
    under: 'src/',
    instead: 'RequestCounters, MethodCounters, TimingCounters, RouteCounters',
  },
  { names: /^guarded$/, under: 'src/memory/', instead: 'protect' },
  { names: /^(?:aloud|quietly)$/, under: 'src/', instead: '{ report: boolean }' },
  { names: /^fastHits$/, under: 'src/', instead: 'the one description of trust' },
  {
    names: /^(?:overlaid|disguise|described|answerElse)$/,
    under: 'src/',
    instead: 'mergePolicy, copyFunctionProps, toMetadata, slowPath',
  },
  { names: /^(?:Refusal|lend|tell)$/, under: 'src/http/', instead: 'HttpError, mount, log' },
  { names: /^Timer$/, under: 'src/http/', instead: 'TimingConfig' },
  {
    names: /^(?:(?:Cache|Route|Method|MethodCache|MethodTiming)?Figures|RequestTotals|View)$/,
    under: 'src/http/',
    instead: 'Stats in public, Counters inside, Snapshot on the wire',
  },
  ...['src/', 'dashboard/'].map((under) => ({
    names: /^(?:MOST_\w+|MOST|\w*PATIENCE\w*|LOOKS|FAREWELL_MS|WORTH)$/,
    under,
    instead: 'MAX_…, …_TIMEOUT_MS, MIN_…_RATIO',
  })),
  { names: /^(?:isAway|isDown)$/, under: 'src/', instead: 'isUnavailable, isBreakerOpen' },
  {
    names: /^(?:joinsFreely|servesMemory|servesFastHits)$/,
    under: 'src/',
    instead: 'canJoinAnyLoad, canUseMemory, canServeFastHits',
  },
  {
    names: /^gathering(?:Delay|Since)?$/,
    under: 'src/',
    instead: 'openBatchId, batchDelay, batchOpenedAt',
  },
  {
    names: /^(?:Handle|handlePrefix|forHandle)$/,
    under: 'src/',
    instead: 'NamespaceView, namespacePrefix',
  },
  { names: /^BulkTurn$/, under: 'src/', instead: 'OvertakenKeys' },
  {
    names: /^(?:Grant|LeaseAnswer|seized?)$/,
    under: 'src/',
    instead: 'LeaseReply, isForced, forced',
  },
  {
    names: /^(?:accepts|fillConfirmed|Judges?)$/,
    under: 'src/',
    instead: 'isFreshEnough, fillConfirmation, FreshnessChecks',
  },
  {
    names: /^(?:Attempt|loadAlone|toStore|Storable)$/,
    under: 'src/',
    instead:
      'AttemptOptions, LeaseAcquisition, loadUnshared, loadWithoutLease, planStore, StorePlan',
  },
  { names: /^Load$/, under: 'src/store/', instead: 'CommandCost' },
  {
    names:
      /^(?:isPrivate|isPrivateKey|privateKey|privateKeysOf|privates|makePrivate|privatePolicy|publicKey)$/,
    under: 'src/',
    instead: 'isLocal, localKey, sharedKey',
  },
  { names: /^Dialect$/, under: 'src/', instead: 'DecoratorMode' },
];
