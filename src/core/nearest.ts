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

/** How many characters have to be put in, taken out, replaced, or swapped with their neighbour. */
function editDistance(a: string, b: string): number {
  const cost: number[][] = [];
  const at = (row: number, column: number) => cost[row]?.[column] ?? 0;
  for (let row = 0; row <= a.length; row++) {
    const line: number[] = [];
    cost.push(line);
    for (let column = 0; column <= b.length; column++) {
      if (row === 0 || column === 0) {
        line[column] = row + column;
        continue;
      }
      const same = a[row - 1] === b[column - 1];
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      line[column] = Math.min(
        at(row - 1, column) + 1,
        at(row, column - 1) + 1,
        at(row - 1, column - 1) + (same ? 0 : 1),
        row > 1 && column > 1 && swapped ? at(row - 2, column - 2) + 1 : Number.POSITIVE_INFINITY,
      );
    }
  }
  return at(a.length, b.length);
}
