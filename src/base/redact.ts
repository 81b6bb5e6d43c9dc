/** Whatever stands before an `@`, as credentials do even in a URL that is written wrongly. */
const CREDENTIALS = /[^\s'"<>]*@/g;

/**
 * A text without the user information of the URLs in it. It rather takes away too much: a message
 * is worth less than a password.
 *
 * @internal
 */
export function redacted(text: string): string {
  return text.replace(CREDENTIALS, '***@');
}
