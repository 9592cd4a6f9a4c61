/**
 * A transaction lost against another process: it is over, nothing of it is kept, and the same once more may succeed. What an
 * engine says where it cannot lock beforehand, such as on a deadlock.
 */
export class TransactionLostError extends Error {
  override readonly name = "TransactionLostError";
}
