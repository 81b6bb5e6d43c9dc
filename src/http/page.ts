import { PAGE_HTML, PAGE_POLICY } from './page-document.js';

/**
 * The page that shows the figures. It holds none of them: it asks the JSON routes, as its reader may.
 *
 * @internal
 */
export function page(): Response {
  return new Response(PAGE_HTML, {
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': PAGE_POLICY,
      'Referrer-Policy': 'no-referrer',
    },
  });
}
