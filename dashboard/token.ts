import { byId } from './dom.js';

/** The token belongs to all questions, those for the figures too. */
export function useToken(onChange: () => void): void {
  const token = byId<HTMLInputElement>('token');
  token.addEventListener('change', onChange);
  token.addEventListener('keydown', (event) => {
    // There is nothing to clear: the key would only complain of the pattern that is missing.
    if (event.key !== 'Enter' || byId<HTMLInputElement>('pattern').value !== '') return;
    event.preventDefault();
    onChange();
  });
  byId('give-token').addEventListener('click', () => {
    token.focus();
  });
}
