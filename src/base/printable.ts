const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Control characters, line separators, marks that change the direction of text, lone surrogates. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/gu;

/**
 * A text in which what could end a line, write to a terminal or disguise what follows is spelt out.
 * Everything that is logged, warned of or written to standard error passes here.
 *
 * @internal
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => {
    const code = character.charCodeAt(0).toString(16);
    return (
      SHORT[character] ??
      (code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u${code.padStart(4, '0')}`)
    );
  });
}

/**
 * The same for text of several lines.
 *
 * @internal
 */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}
