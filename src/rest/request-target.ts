/** The parts of a request target, as they were sent. */
export interface RequestTarget {
  readonly path: string;
  /** What follows the `?`; empty where there is none. */
  readonly query: string;
}

const origin = /^https?:\/\/[^/?#]*/i;

/** Takes a request target apart. Every server must also take one in absolute form (RFC 9112, section 3.2.2). */
export function parseRequestTarget(target: string): RequestTarget {
  const local = target.startsWith("/") ? target : target.replace(origin, "");
  const mark = local.indexOf("?");
  return mark === -1 ? { path: local, query: "" } : { path: local.slice(0, mark), query: local.slice(mark + 1) };
}
