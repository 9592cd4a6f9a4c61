/** Counters have the numbers below this one, pairs those from it on. */
const firstOfPairs = 1000;

/** The number of the record that a caller counts up. */
export function counterOf(caller: number): number {
  return caller;
}

/** The numbers of the two records of a pair. */
export function pairOf(pair: number): readonly [number, number] {
  return [firstOfPairs + 2 * pair, firstOfPairs + 2 * pair + 1];
}

/** Whether the number is of a record in a pair. */
export function isOfPair(number: number): boolean {
  return number >= firstOfPairs;
}
