import { request } from './request.js';
import { byId, inside, setText } from './dom.js';
import { integer } from './format.js';

/** Clearing many keys in Redis takes long, and a time-out here would not stop it. */
const TIMEOUT_MS = 600_000;

const result = byId('clear-result');

/** The form that clears a pattern: it prompts for confirmation and shows how many entries were removed. */
export function useClearForm(onCleared: () => void): void {
  const dialog = byId<HTMLDialogElement>('confirm');
  const pattern = byId<HTMLInputElement>('pattern');
  byId('clear').addEventListener('submit', (event) => {
    event.preventDefault();
    setText('confirm-pattern', pattern.value);
    dialog.returnValue = '';
    dialog.showModal();
  });
  inside(dialog, '[value=yes]').addEventListener('click', (event) => {
    // The second click of a double click on the button below the dialog is no confirmation.
    if (event.detail > 1) event.preventDefault();
  });
  dialog.addEventListener('close', () => {
    if (dialog.returnValue !== 'yes') return;
    void clear(pattern.value).then((isCleared) => {
      if (isCleared) onCleared();
    });
  });
}

async function clear(pattern: string): Promise<boolean> {
  show('Clearing …', false);
  try {
    const path = `cache/clear?pattern=${encodeURIComponent(pattern)}`;
    const { cleared } = await request<{ cleared: number }>(path, { method: 'POST' }, TIMEOUT_MS);
    show(`${integer(cleared)} ${cleared === 1 ? 'entry' : 'entries'} removed.`, false);
    return true;
  } catch (error) {
    show(error instanceof Error ? error.message : String(error), true);
    return false;
  }
}

function show(text: string, isBad: boolean): void {
  result.className = isBad ? 'bad' : '';
  result.textContent = text;
}
