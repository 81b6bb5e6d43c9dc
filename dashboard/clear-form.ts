import { ask } from './ask.js';
import { byId, inside, setText } from './dom.js';
import { integer } from './format.js';

/** Many keys in Redis take their time; giving up here would not stop it there. */
const PATIENCE_MS = 600_000;

const result = byId('clear-result');

/** The form that clears a pattern: asks once more, and says how many entries it removed. */
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
    // Of a double click on what was there before: that is no answer to the question.
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
  tell('Clearing …', false);
  try {
    const path = `cache/clear?pattern=${encodeURIComponent(pattern)}`;
    const { cleared } = await ask<{ cleared: number }>(path, { method: 'POST' }, PATIENCE_MS);
    tell(`${integer(cleared)} ${cleared === 1 ? 'entry' : 'entries'} removed.`, false);
    return true;
  } catch (error) {
    tell(error instanceof Error ? error.message : String(error), true);
    return false;
  }
}

function tell(text: string, isBad: boolean): void {
  result.className = isBad ? 'bad' : '';
  result.textContent = text;
}
