/**
 * The lists behind `npm run check:words`. A hit is rewritten, or listed in `EXCEPTIONS` with a reason.
 */

/** Words and phrases that a native engineer would not use here, and what to write instead. */
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
];

/** A sentence, or a title, must not have such a clause as its subject. Questions may begin so. */
export const SENTENCE = /^(?:What(?! to )|Whatever|Who|Whoever|Whose)\b/;

/** Places where a hit is right: every one is used, or the check fails. */
export const EXCEPTIONS = [
  {
    file: 'scripts/words.mjs',
    text: '',
    reason: 'It holds the lists themselves.',
  },
  {
    file: 'tests/integration/words.test.ts',
    text: '',
    reason: 'It seeds violations, to show that the check finds them.',
  },
];

/**
 * Identifiers that the glossary has replaced, in the folders where they had the old meaning.
 *
 * @type {readonly { names: string, under: string, instead: string }[]}
 */
export const IDENTIFIERS = [];
