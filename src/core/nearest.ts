/** Longer than any name of ours; what is beyond it cannot bring a wrong name nearer. */
const MAX_LENGTH = 40;
/** The least part of its pairs of letters that a name must share to be taken for the one that was meant. */
const MIN_SIMILARITY = 0.4;

/** The one of `names` that was probably meant by `wrong`, if any is near enough. */
export function nearestName(wrong: string, names: readonly string[]): string | undefined {
  const given = pairs(wrong.slice(0, MAX_LENGTH));
  let nearest: string | undefined;
  let most = MIN_SIMILARITY;
  for (const name of names) {
    const wanted = pairs(name);
    // Sørensen–Dice: two names are as near as the neighbouring letters they have in common.
    const shared = given.filter((pair) => wanted.includes(pair)).length;
    const similarity = (2 * shared) / (given.length + wanted.length);
    // Not so for NaN either, which is what two single letters give.
    if (similarity >= most) {
      nearest = name;
      most = similarity;
    }
  }
  return nearest;
}

/** A hint for a wrong name: the nearest right one, else all of them. */
export function didYouMean(wrong: string, names: readonly string[]): string {
  const nearest = nearestName(wrong, names);
  return nearest === undefined
    ? `Choose from ${names.join(', ')}.`
    : `Did you mean ${JSON.stringify(nearest)}?`;
}

function pairs(name: string): string[] {
  const letters = name.toLowerCase();
  return Array.from(letters.slice(1), (letter, index) => `${letters[index]}${letter}`);
}
