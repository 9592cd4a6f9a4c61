import type { Parsed } from "./parsed.ts";
import type { PathTemplate } from "./path-template.ts";
import { percentDecode, percentDecodeSegments } from "./percent-decode.ts";

/** A method and a path template that lead to a target. */
export interface Route<Target> {
  /** The HTTP method, or `*` for every method that has no route of its own on the path. */
  readonly httpMethod: string;
  readonly template: PathTemplate;
  readonly target: Target;
  /** What the route is called where it is at fault, such as its RPC. */
  readonly name: string;
}

/** The target of a request with the decoded value of each variable of its template, in order. */
export interface RouteMatch<Target> {
  readonly target: Target;
  readonly values: readonly string[];
}

/** Finds the route of a request. */
export interface Router<Target> {
  /**
   * The route of a method and a path, the path as it was sent: percent-encoded and without the query.
   *
   * One slash at the end is ignored, and a path with an empty segment has no route. Literals match their own text
   * only. Where several templates match, segments are compared from the left: a literal goes before `*` and `*` before
   * `**`; a template with a verb goes before all without.
   *
   * @returns undefined where there is no route, and "malformed" where a value is no percent-encoded UTF-8.
   */
  match(httpMethod: string, path: string): RouteMatch<Target> | "malformed" | undefined;
}

interface Node<Target> {
  readonly literals: Map<string, Node<Target>>;
  any: Node<Target> | undefined;
  remaining: Route<Target> | undefined;
  end: Route<Target> | undefined;
}

/** The routes of one HTTP method: a tree for each verb, and one under "" for templates without. */
type Trees<Target> = Map<string, Node<Target>>;

/** A router over all routes. The error names both routes wherever two match the same requests with equal right. */
export function createRouter<Target>(routes: readonly Route<Target>[]): Parsed<Router<Target>> {
  const exact = new Map<string, RouteMatch<Target>>();
  const methods = new Map<string, Trees<Target>>();
  const problems: string[] = [];
  for (const route of routes) {
    const other = insert(methods, route);
    if (other !== undefined) {
      problems.push(`${title(other)} and ${title(route)} match the same requests`);
    }
    const path = literalPath(route.template);
    if (path !== undefined) {
      exact.set(`${route.httpMethod} ${path}`, { target: route.target, values: [] });
    }
  }
  return problems.length > 0 ? { error: problems.join("\n") } : { value: { match: matcher(exact, methods) } };
}

function matcher<Target>(
  exact: ReadonlyMap<string, RouteMatch<Target>>,
  methods: ReadonlyMap<string, Trees<Target>>,
): Router<Target>["match"] {
  return (httpMethod, path) => {
    const found = exact.get(`${httpMethod} ${path}`);
    if (found !== undefined) {
      return found;
    }
    const segments = segmentsOf(path);
    if (segments === undefined) {
      return undefined;
    }
    const route = findIn(methods.get(httpMethod), segments) ?? findIn(methods.get("*"), segments);
    return route === undefined ? undefined : capture(route, segments);
  };
}

function segmentsOf(path: string): string[] | undefined {
  if (!path.startsWith("/")) {
    return undefined;
  }
  const trimmed = path.endsWith("/") ? path.slice(1, -1) : path.slice(1);
  if (trimmed === "") {
    return path === "/" ? [] : undefined;
  }
  const segments = trimmed.split("/");
  return segments.includes("") ? undefined : segments;
}

function findIn<Target>(trees: Trees<Target> | undefined, segments: readonly string[]): Route<Target> | undefined {
  if (trees === undefined) {
    return undefined;
  }
  const [last, verb] = splitVerb(segments.at(-1) ?? "");
  const tree = verb === "" || last === "" ? undefined : trees.get(verb);
  const found = tree && find(tree, segments.with(-1, last), 0);
  if (found !== undefined) {
    return found;
  }
  const plain = trees.get("");
  return plain && find(plain, segments, 0);
}

function splitVerb(segment: string): readonly [string, string] {
  const colon = segment.lastIndexOf(":");
  return colon === -1 ? [segment, ""] : [segment.slice(0, colon), segment.slice(colon + 1)];
}

/** Each node has one depth, so that even a search that turns back visits no node twice. */
function find<Target>(node: Node<Target>, segments: readonly string[], depth: number): Route<Target> | undefined {
  const segment = segments[depth];
  if (segment === undefined) {
    return node.end ?? node.remaining;
  }
  const literal = node.literals.get(segment);
  return (
    (literal && find(literal, segments, depth + 1)) ??
    (node.any && find(node.any, segments, depth + 1)) ??
    node.remaining
  );
}

function capture<Target>(
  { template, target }: Route<Target>,
  segments: readonly string[],
): RouteMatch<Target> | "malformed" {
  const values: string[] = [];
  const last = template.segments.length;
  const trimmed = template.verb === undefined ? segments : segments.with(-1, splitVerb(segments.at(-1) ?? "")[0]);
  const open = template.segments.at(-1)?.kind === "remaining";
  for (const { start, end, multiSegment } of template.variables) {
    const raw = trimmed.slice(start, open && end === last ? undefined : end).join("/");
    const value = multiSegment ? percentDecodeSegments(raw) : percentDecode(raw);
    if (value === undefined) {
      return "malformed";
    }
    values.push(value);
  }
  return { target, values };
}

/** Adds a route, or returns the one that has its place already. */
function insert<Target>(methods: Map<string, Trees<Target>>, route: Route<Target>): Route<Target> | undefined {
  const trees = getOrAdd(methods, route.httpMethod, () => new Map<string, Node<Target>>());
  let node = getOrAdd(trees, route.template.verb ?? "", newNode<Target>);
  for (const segment of route.template.segments) {
    if (segment.kind === "remaining") {
      const other = node.remaining;
      node.remaining ??= route;
      return other;
    }
    node = segment.kind === "any" ? anyChild(node) : getOrAdd(node.literals, segment.text, newNode<Target>);
  }
  const other = node.end;
  node.end ??= route;
  return other;
}

function anyChild<Target>(node: Node<Target>): Node<Target> {
  node.any ??= newNode();
  return node.any;
}

function newNode<Target>(): Node<Target> {
  return { literals: new Map(), any: undefined, remaining: undefined, end: undefined };
}

function getOrAdd<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const present = map.get(key);
  if (present !== undefined) {
    return present;
  }
  const added = make();
  map.set(key, added);
  return added;
}

/** The one path that a template matches, where it captures nothing and has no wildcard. */
function literalPath({ segments, variables, verb }: PathTemplate): string | undefined {
  const texts = segments.map((segment) => (segment.kind === "literal" ? segment.text : undefined));
  if (texts.includes(undefined) || variables.length > 0) {
    return undefined;
  }
  return `/${texts.join("/")}${verb === undefined ? "" : `:${verb}`}`;
}

function title({ httpMethod, template, name }: Route<unknown>): string {
  return `${httpMethod} ${template.text} of ${name}`;
}
