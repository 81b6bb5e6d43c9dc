import { byId, setText } from './dom.js';

type Theme = 'light' | 'dark';

const root = document.documentElement;

/** Light or dark: follows the system until the button is used. */
export function useTheme(onChange: () => void): void {
  const prefersDark = matchMedia('(prefers-color-scheme: dark)');
  const set = (theme: Theme): void => {
    root.dataset['theme'] = theme;
    setText('theme', theme === 'dark' ? 'Light' : 'Dark');
    onChange();
  };
  const follow = (): void => {
    set(prefersDark.matches ? 'dark' : 'light');
  };
  prefersDark.addEventListener('change', follow);
  byId('theme').addEventListener('click', () => {
    set(root.dataset['theme'] === 'dark' ? 'light' : 'dark');
  });
  follow();
}
