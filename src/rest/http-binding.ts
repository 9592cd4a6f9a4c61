import type { DescField, DescMethod } from "@bufbuild/protobuf";
import type { FieldPath } from "./field-path.ts";
import type { PathTemplate } from "./path-template.ts";

/** One way to call an RPC over REST: a google.api.http rule, checked against the messages, to be read in both directions. */
export interface HttpBinding {
  readonly method: DescMethod;
  /** The HTTP method, or `*` for any. */
  readonly httpMethod: string;
  readonly template: PathTemplate;
  /** The field of each variable of the template, in the template's order. */
  readonly pathFields: readonly FieldPath[];
  readonly body: BodyBinding;
  /** Fields carried in the query, by their key: the dotted JSON name. */
  readonly queryFields: ReadonlyMap<string, FieldPath>;
  readonly headerFields: readonly HeaderBinding[];
  /** The field of the response that is the response's body, or undefined where the whole message is. */
  readonly responseBody: DescField | undefined;
  /** Whether success is an answer without a body. */
  readonly emptyResponseBody: boolean;
  readonly eventId: EventIdBinding | undefined;
}

/** What the body of a request is: nothing, all fields that nothing else carries, or one field. */
export type BodyBinding =
  | { readonly kind: "none" }
  | { readonly kind: "message" }
  | { readonly kind: "field"; readonly field: DescField };

/** A field of the request that is carried in a header. */
export interface HeaderBinding {
  /** The header's name in lower case. */
  readonly name: string;
  readonly field: DescField;
}

/** The fields that say where a stream stands. */
export interface EventIdBinding {
  readonly request: DescField;
  readonly response: DescField;
}
