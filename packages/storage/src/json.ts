/** A value that survives `JSON.parse(JSON.stringify(value))` unchanged. */
export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue }

/** A JSON object, e.g. client metadata or a connection's policy. */
export type JsonObject = { readonly [key: string]: JsonValue }
