import { byId } from './dom.js';

/** The token is sent with every request, including those for the statistics. */
export function useToken(onChange: () => void): void {
  const token = byId<HTMLInputElement>('token');
  token.addEventListener('change', onChange);
  token.addEventListener('keydown', (event) => {
    // Without a pattern there is nothing to clear: apply the token instead of submitting.
    if (event.key !== 'Enter' || byId<HTMLInputElement>('pattern').value !== '') return;
    event.preventDefault();
    onChange();
  });
  byId('give-token').addEventListener('click', () => {
    token.focus();
  });
}
