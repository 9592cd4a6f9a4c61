import { GatewayError } from "./errors.ts";

/** One row of a state table: in these states, where `when` holds, `apply` decides. The first row that fits counts. */
export interface Transition<State extends number, Situation, Decision> {
  readonly from: readonly State[];
  readonly when?: (situation: Situation) => boolean;
  /** The state that it leads to. Absent where the row refuses, leaves all as it is, or removes the record. */
  readonly to?: State;
  readonly apply: (situation: Situation) => Decision;
}

/**
 * Decides by a state table.
 *
 * @throws GatewayError `internal` where no row fits, for a table says something of every state.
 */
export function decideByTable<State extends number, Situation, Decision>(
  table: readonly Transition<State, Situation, Decision>[],
  state: State,
  situation: Situation,
): Decision {
  const row = table.find(({ from, when }) => from.includes(state) && (when?.(situation) ?? true));
  if (row === undefined) {
    throw uncovered(state);
  }
  return row.apply(situation);
}

/** A state that no row of a table covers. */
export function uncovered(state: number): GatewayError {
  return new GatewayError("internal", "The session is in a state that no rule covers.", {
    cause: new Error(`no transition for the state ${state}`),
  });
}
