const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Control characters, line separators, marks that change the direction of text, lone surrogates. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/gu;

/**
 * Escapes the characters of a text that could end a line, control a terminal or disguise other text. All
 * logs, warnings and output on standard error pass through here.
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
 * The same for text with several lines.
 *
 * @internal
 */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}
