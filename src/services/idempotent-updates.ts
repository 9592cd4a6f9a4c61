import { hash } from "node:crypto";
import {
  create,
  type DescMessage,
  type DescMethodUnary,
  fromBinary,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { invalidField } from "../domain/errors.ts";
import { type IdempotencyRecord, IdempotencyRecordSchema } from "../gen/sessiongateway/store/v1/records_pb.ts";
import type { RecordRef } from "../store/record-kind.ts";
import { idempotencyRecordRef } from "../store/record-kinds.ts";
import { type Decide, type Decision, type LoadedRecords, put, type SessionStore } from "../store/session-store.ts";
import type { Clock } from "./clock.ts";
import { requestFingerprint } from "./request-fingerprint.ts";

/** For how long a client token stands for its first call: 24 hours. */
const tokenLifeMs = 86_400_000;

type Method<Input extends DescMessage, Output extends DescMessage> = DescMethodUnary<Input, Output>;

/** A call that may bring a client token. */
export interface TokenCall<Input extends DescMessage, Output extends DescMessage> {
  readonly method: Method<Input, Output>;
  readonly request: MessageShape<Input> & { readonly clientToken?: string | undefined };
  /** The caller's principal. */
  readonly caller: string;
}

/** Updates of which a client can make sure that they happen once. */
export interface IdempotentUpdates {
  /**
   * Runs an update as the store does, and keeps what it replies under the call's client token, in the same transaction.
   * Where the same caller has made the same call with the same token within 24 hours, nothing is run and the first reply
   * is given again. A refusal is not kept.
   *
   * @throws GatewayError `invalid` where the token was used with other parameters; what `decide` refuses.
   */
  update<Input extends DescMessage, Output extends DescMessage>(
    call: TokenCall<Input, Output>,
    refs: readonly RecordRef[],
    decide: Decide<MessageShape<Output>>,
  ): Promise<MessageShape<Output>>;

  /** Forgets the reply of this name where its 24 hours are over. */
  expire(ref: RecordRef): Promise<void>;
}

export function createIdempotentUpdates(store: SessionStore, clock: Clock): IdempotentUpdates {
  return {
    update(call, refs, decide) {
      const { clientToken } = call.request;
      if (clientToken === undefined) {
        return store.update(refs, decide);
      }
      const recordRef = idempotencyRecordRef(callHash(call.caller, call.method, clientToken));
      const fingerprint = requestFingerprint(call.method.input, call.request, "clientToken");
      return store.update([recordRef, ...refs], (records) => {
        const now = clock();
        const first = liveRecord(records, recordRef, now);
        return first === undefined
          ? withRecord(decide(records), call.method, recordRef, fingerprint, now)
          : repeated(first, call.method, fingerprint);
      });
    },

    async expire({ key: [hashText] }) {
      const ref = idempotencyRecordRef(String(hashText));
      await store.update([ref], (records) => {
        const isLive = liveRecord(records, ref, clock()) !== undefined;
        return { put: [], remove: isLive ? [] : [ref], reply: undefined };
      });
    },
  };
}

function callHash(caller: string, { parent, name }: DescMethodUnary, clientToken: string): string {
  return hash("sha256", JSON.stringify([caller, parent.typeName, name, clientToken]), "base64url");
}

/** The first reply, unless its 24 hours are over. */
function liveRecord(records: LoadedRecords, ref: RecordRef<typeof IdempotencyRecordSchema>, now: number) {
  const loaded = records.get(ref);
  return loaded?.dueAt !== undefined && now < loaded.dueAt ? loaded.message : undefined;
}

function repeated<Output extends DescMessage>(
  { fingerprint, response }: IdempotencyRecord,
  { output }: Method<DescMessage, Output>,
  given: Uint8Array,
): Decision<MessageShape<Output>> {
  if (Buffer.compare(fingerprint, given) !== 0) {
    const description = "This token was used before in a call with other parameters.";
    return { refuse: invalidField("client_token", description) };
  }
  return { put: [], reply: fromBinary(output, response) };
}

function withRecord<Output extends DescMessage>(
  decision: Decision<MessageShape<Output>>,
  { output }: Method<DescMessage, Output>,
  ref: RecordRef<typeof IdempotencyRecordSchema>,
  fingerprint: Uint8Array<ArrayBuffer>,
  now: number,
): Decision<MessageShape<Output>> {
  if (!("reply" in decision)) {
    return decision;
  }
  const record = create(IdempotencyRecordSchema, { fingerprint, response: toBinary(output, decision.reply) });
  return { ...decision, put: [...decision.put, put(ref, record, now + tokenLifeMs)] };
}
