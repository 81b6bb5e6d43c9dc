/**
 * The lists behind `npm run check:words`. A hit is rewritten, or listed in `EXCEPTIONS` with a reason.
 */

/** Everywhere but in benchmarks, whose titles stay comparable with earlier results, and in their tables. */
const UNMEASURED = /^(?!benchmarks\/|docs\/performance\.md$)/;

/** Tests and scripts may hold a question and its answer as data. */
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
  {
    pattern: /(?<!\bnot )\banswer(?:s|ed|ing)\b/i,
    instead: '"returns", "responds with", "replies"; "served", "replied"',
  },
  {
    // To tell one thing from another, or several apart, is idiomatic.
    pattern:
      /\b(?:told|tell(?:s|ing)?)\b(?!(?: [^\s.;:]+){0,8} (?:apart|from)\b| apart\b| from\b)/i,
    instead: '"reports", "returns", "configured", "requested"',
    under: UNMEASURED,
  },
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
    pattern: /(?<!\b(?:not|to|cannot|never) )\banswer\b/i,
    instead: '"reply", "response"; "returns"',
    under: SHIPPED,
  },
  {
    pattern: /\bask(?:s|ed|ing)?\b/i,
    instead: '"requests", "reads", "prompts"',
  },
  {
    // A person may be meant: the user of a server, the reader of the change log.
    pattern: /(?<!\b(?:users?|engineers?|operators?|says) )\bwhom?\b/i,
    instead: '"that" or "which": a caller is a program',
  },
  {
    pattern: /\bso many\b(?! that\b)/i,
    instead: 'the number: "`count` keys", "a number of", "this many"',
    under: UNMEASURED,
  },
  {
    pattern:
      /\b(?:carr(?:y|ies|ied|ying) on|goe?s? away|ma[dk]es? good|comes? to nothing|lets? go of)\b/i,
    instead: '"continues", "ends", "repeats", "is not stored", "releases"',
  },
  {
    pattern: /\b(?:doors?|houses?)\b/i,
    instead: '"entry point", "admission"; "layers", "folders"',
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

/** The folders whose names are free of verbs for persons; the others follow as they are reworked. */
const REWORKED = [
  'redis',
  'store',
  'stats',
  'http',
  'prometheus',
  'nginx',
  'cli',
  'testing',
  'memory',
  'decorators',
  'cache',
  'base',
].map((folder) => `src/${folder}/`);

/** Names that the list below would catch, and that stay. Every one is used, or the check fails. */
export const KEPT_NAMES = [
  { name: 'GhostReport', reason: 'public: part of the eviction policy contract' },
  { name: 'ArrayBufferView', reason: 'the platform' },
  { name: 'WarmReport', reason: 'public: what a call of warm did, rather than statistics' },
  { name: 'MethodReport', reason: 'public: joins MethodStats and TimingStats of one method' },
];

/**
 * Identifiers that were replaced by the field's words, below the folder where they had the old meaning.
 * `Fence`, `claim` and `place` stay where they have another one.
 */
export const IDENTIFIERS = [
  ...REWORKED.flatMap((under) => [
    {
      names: /^(?:saw|told|heard|asked|answered|owes?|isOwed|patience|worn|era)$/,
      under,
      instead: 'noteX, hasReplied, isPending, maxTicks, driftMs, generation',
    },
    {
      names:
        /^(?:saw|told|tell|asks?|hear|heard|hasHeard|hasSeen|hasTold|hasAsked|hasAnswered|owe|forget|forgot|forgotten|discard|erase|lookAt)[A-Z]\w*$/,
      under,
      instead: 'noteX, reportX, requestX, hasReplied, resetX, clearX, removeX, checkX',
    },
    {
      names: /^most$/,
      under,
      instead: 'max…',
    },
    {
      names: /^[A-Z]\w*(?:Figures|Totals|Record|Report|View)$/,
      under,
      instead: 'Stats in public, Counters inside, Snapshot on the wire',
    },
  ]),
  ...REWORKED.filter((under) => under !== 'src/memory/').map((under) => ({
    names: /^(?:forget|discard|erase|raise)$/,
    under,
    instead: 'remove; in public delete, clear, invalidate, evict',
  })),
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
