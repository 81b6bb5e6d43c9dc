/**
 * Everything before an `@`, where credentials are even in a malformed URL. It matches only from the
 * start of a word: trying every character of a long word would take quadratic time.
 */
const CREDENTIALS = /(?<![^\s'"<>])[^\s'"<>]*@/g;

/** Passwords in the query of a URL, which is another place for them. */
const QUERY_PASSWORDS = /([?&](?:password|sentinelPassword|pass|auth)=)[^&\s'"]*/gi;

/**
 * Removes the user information of URLs, and passwords in their queries, from a text. If in doubt, it removes too much: a password matters
 * more than a readable message.
 *
 * @internal
 */
export function redacted(text: string): string {
  return text.replace(CREDENTIALS, '***@').replace(QUERY_PASSWORDS, '$1***');
}
