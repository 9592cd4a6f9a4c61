import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { pathToString } from "@bufbuild/protobuf/reflect";
import { createValidator } from "@bufbuild/protovalidate";
import { flagPath } from "./flag-path.ts";

/** Everything in a request that the service would refuse for its limits, each with the flag that it was given by. */
export function validateRequest(desc: DescMessage, request: MessageShape<DescMessage>): readonly string[] {
  const { violations = [] } = createValidator().validate(desc, request);
  return violations.map(({ field, message }) => {
    const path = pathToString(field);
    return path === "" ? message : `${flagPath(path)}: ${message}`;
  });
}
