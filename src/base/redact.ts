/**
 * Everything before an `@`, where credentials are even in a malformed URL. It matches only from the
 * start of a word: trying every character of a long word would take quadratic time.
 */
const CREDENTIALS = /(?<![^\s'"<>])[^\s'"<>]*@/g;

/**
 * Removes the user information of URLs from a text. In doubt it removes too much: a readable message is
 * worth less than a password.
 *
 * @internal
 */
export function redacted(text: string): string {
  return text.replace(CREDENTIALS, '***@');
}
