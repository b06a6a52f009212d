const FEWEST_CHARACTERS = 16;
const FEWEST_DIFFERENT = 5;

/** Words that examples and tutorials publish as secrets. */
const PUBLISHED =
  /changeit|changeme|change|secret|password|passwd|gitlab|runtide|token|webhook|whsec|example|default|sample|dummy|placeholder|insert|replace|test|your|here|this|is|with|the|my|me/g;

/** Whether all of `text` is one shorter piece again and again. */
function repeats(text: string): boolean {
  return text.length > 1 && (text + text).indexOf(text, 1) < text.length;
}

function isMadeOfPublishedWords(text: string): boolean {
  const letters = text.toLowerCase().replaceAll(/[^a-z]/g, '');
  return letters.length * 2 >= text.length && letters.replaceAll(PUBLISHED, '') === '';
}

/** Why a shared secret would be guessed, in words that do not show it; undefined when it may be used. */
export function whyWeak(secret: string): string | undefined {
  if (secret === '') return 'it is empty';
  if (secret.length < FEWEST_CHARACTERS) return `it is shorter than ${FEWEST_CHARACTERS} characters`;
  if (new Set(secret).size < FEWEST_DIFFERENT || repeats(secret)) return 'it repeats itself';
  if (isMadeOfPublishedWords(secret)) return 'it is made of words that examples publish';
  return undefined;
}
