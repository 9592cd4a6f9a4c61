/** Why REST cannot be served: rules that are wrong or ambiguous. Each problem names the file, the RPC and the rule. */
export class RestRuleError extends Error {
  override readonly name = "RestRuleError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The REST rules are wrong:\n${problems.join("\n")}`);
    this.problems = problems;
  }
}
