/** The present in Unix milliseconds. Handed in, so that tests can be at any time. */
export type Clock = () => number;
