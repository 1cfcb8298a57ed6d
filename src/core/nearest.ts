/** Longer than any name of ours; what is beyond it cannot bring a wrong name nearer. */
const MAX_LENGTH = 40;

/** The one of `names` that was probably meant by `wrong`, if any is near enough. */
export function nearestName(wrong: string, names: readonly string[]): string | undefined {
  const given = wrong.slice(0, MAX_LENGTH).toLowerCase();
  let nearest: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const name of names) {
    const wanted = name.toLowerCase();
    // One is the beginning of the other: `wallet` for `walletAddress`, however much is missing.
    const begins = given.length > 2 && (wanted.startsWith(given) || given.startsWith(wanted));
    const distance = begins ? 1 : editDistance(given, wanted);
    if (distance < least && distance <= Math.max(given.length, wanted.length) / 3) {
      nearest = name;
      least = distance;
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

/** Levenshtein: how many characters have to be put in, taken out or replaced. */
function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const line = [row];
    for (let column = 1; column <= b.length; column++) {
      line[column] = Math.min(
        (above[column] ?? 0) + 1,
        (line[column - 1] ?? 0) + 1,
        (above[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1),
      );
    }
    above = line;
  }
  return above[b.length] ?? 0;
}
