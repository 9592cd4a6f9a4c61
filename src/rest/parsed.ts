/** What a parser returns: the value, or what is wrong with the text. */
export type Parsed<Value> = { readonly value: Value } | { readonly error: string };
