/** What parsing a text came to: the value, or what is wrong. No problem shows the text, which may be a secret. */
export type Parsed<Value> = { readonly value: Value } | { readonly problem: string };
