/**
 * Whatever stands before an `@`, as credentials do even in a URL that is written wrongly. From the
 * beginning of a word only: from every character of a long one, it would take quadratic time.
 */
const CREDENTIALS = /(?<![^\s'"<>])[^\s'"<>]*@/g;

/**
 * A text without the user information of the URLs in it. It rather takes away too much: a message
 * is worth less than a password.
 *
 * @internal
 */
export function redacted(text: string): string {
  return text.replace(CREDENTIALS, '***@');
}
