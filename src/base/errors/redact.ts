/**
 * Everything before an `@`, where credentials are even in a malformed URL. It matches only from the
 * start of a word: trying every character of a long word would take quadratic time.
 */
const CREDENTIALS = /(?<![^\s'"<>])[^\s'"<>]*@/g;

/**
 * Removes the user information of URLs from a text. If in doubt, it removes too much: a password matters
 * more than a readable message.
 *
 * @internal
 */
export function redacted(text: string): string {
  return text.replace(CREDENTIALS, '***@');
}
