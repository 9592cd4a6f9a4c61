/** A name that is further away than this is no misspelling. */
const maxDistance = 3;

/** The one of the names that the text is most likely meant to be, where one is near. */
export function nearestName(text: string, names: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let least = Math.min(maxDistance, Math.floor(text.length / 2)) + 1;
  for (const name of names) {
    const distance = editDistance(text.toLowerCase(), name.toLowerCase());
    if (distance < least) {
      nearest = name;
      least = distance;
    }
  }
  return nearest;
}

/** How many characters must be put in, left out or replaced to turn one text into the other (Levenshtein). */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [index, character] of [...from].entries()) {
    const next = [index + 1];
    for (let column = 1; column <= to.length; column += 1) {
      const replaced = (row[column - 1] ?? 0) + (to.charAt(column - 1) === character ? 0 : 1);
      next.push(Math.min(replaced, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
