import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { pathToString } from "@bufbuild/protobuf/reflect";
import { createValidator, type Violation } from "@bufbuild/protovalidate";
import type { Interceptor } from "@connectrpc/connect";
import { type FieldFault, GatewayError } from "../domain/errors.ts";
import { decodeFaults } from "./decode-faults.ts";

/**
 * Refuses requests that break a buf.validate rule, naming every broken rule, not only the first.
 *
 * Rules are compiled at the first call of each RPC.
 */
export function validate(): Interceptor {
  const validator = createValidator();

  function check(desc: DescMessage, message: MessageShape<DescMessage>, decoded: readonly FieldFault[]): void {
    const result = validator.validate(desc, message);
    if (result.kind === "error") {
      throw new GatewayError("internal", "The request could not be checked.", { cause: result.error });
    }
    const faults = mergeFaults(decoded, (result.violations ?? []).map(toFault));
    if (faults.length > 0) {
      throw new GatewayError("invalid", describe(faults), { fields: faults });
    }
  }

  return (next) => (request) => {
    const { input } = request.method;
    const decoded = request.contextValues.get(decodeFaults);
    if (!request.stream) {
      check(input, request.message, decoded);
      return next(request);
    }
    return next({ ...request, message: checkEach(request.message, (message) => check(input, message, decoded)) });
  };
}

async function* checkEach<T>(messages: AsyncIterable<T>, check: (message: T) => void): AsyncIterable<T> {
  for await (const message of messages) {
    check(message);
    yield message;
  }
}

function toFault(violation: Violation): FieldFault {
  return { field: pathToString(violation.field), description: violation.message, rule: violation.ruleId };
}

/** A value that could not be decoded is absent from the message, so that validation may call the same field missing. */
function mergeFaults(decoded: readonly FieldFault[], violated: readonly FieldFault[]): readonly FieldFault[] {
  const known = new Set(decoded.map(({ field }) => field));
  return [...decoded, ...violated.filter(({ field }) => !known.has(field))];
}

function describe(faults: readonly FieldFault[]): string {
  const texts = faults.map(({ field, description }) => (field === "" ? description : `${field}: ${description}`));
  const noun = faults.length === 1 ? "1 validation error" : `${faults.length} validation errors`;
  return `${noun} detected. ${texts.join("; ")}`;
}
