/** How a client command ends: the statuses that the documented command line has. */
export const exitStatus = {
  /** The command line, or a value in it, is wrong. Nothing was sent. */
  wrongUsage: 252,
  /** The service refused the call. */
  refused: 254,
  /** There was no answer: unreachable, broken off, or not in time. */
  noAnswer: 255,
} as const;
