import type { DescMessage, MessageShape } from "@bufbuild/protobuf";

/** A value of a key. A `uuid` is its text of 36 characters; engines store it in 16 bytes. */
export type KeyValue = string | number;

/** A column of a key. */
export interface KeyColumn {
  readonly name: string;
  readonly type: "uuid" | "text" | "integer";
}

/** A column, derived from the message, that lists may filter by. */
export interface FilterColumn<Message> {
  readonly name: string;
  readonly type: "text" | "integer";
  readonly of: (message: Message) => string | number;
}

/** A kind of record: one message type under one kind of key. Engines keep one table per kind. */
export interface RecordKind<Desc extends DescMessage = DescMessage> {
  /** The table's name. */
  readonly name: string;
  readonly desc: Desc;
  readonly key: readonly [KeyColumn, ...KeyColumn[]];
  // biome-ignore lint/suspicious/noExplicitAny: a column reads its own kind's message, and kinds are handled together.
  readonly columns: readonly FilterColumn<any>[];
  /** Whether every change of such a record is kept as an event for watchers. */
  readonly watched: boolean;
  /** Whether such a record may fall due. */
  readonly timed: boolean;
}

/** The name of one record. */
export interface RecordRef<Desc extends DescMessage = DescMessage> {
  readonly kind: RecordKind<Desc>;
  /** A value for each column of `kind.key`, in order. */
  readonly key: readonly KeyValue[];
}

/** A kind with its filter columns typed by its message. */
export function recordKind<Desc extends DescMessage>(
  kind: Omit<RecordKind<Desc>, "columns"> & { readonly columns: readonly FilterColumn<MessageShape<Desc>>[] },
): RecordKind<Desc> {
  return kind;
}

/** A text that is equal for equal refs and different for different ones. */
export function refText(ref: RecordRef): string {
  const [first] = ref.key;
  return ref.key.length === 1 ? `${ref.kind.name}/${first}` : `${ref.kind.name}/${JSON.stringify(ref.key)}`;
}
