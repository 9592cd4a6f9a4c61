import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { buildPath } from "../../src/rest/build-path.ts";
import { type PathTemplate, parsePathTemplate } from "../../src/rest/path-template.ts";
import { createRouter, type Router } from "../../src/rest/router.ts";
import vectors from "../vectors/rest-routes.json" with { type: "json" };

function template(text: string): PathTemplate {
  const parsed = parsePathTemplate(text);
  if ("error" in parsed) {
    throw new Error(`${text}: ${parsed.error}`);
  }
  return parsed.value;
}

function route(text: string, index: number) {
  const [httpMethod = "", path = ""] = text.split(" ");
  return { httpMethod, template: template(path), target: text, name: `route ${index}` };
}

function router(...routes: readonly string[]): Router<string> {
  const created = createRouter(routes.map(route));
  if ("error" in created) {
    throw new Error(created.error);
  }
  return created.value;
}

interface RequestVector {
  readonly request: string;
  readonly route?: string;
  readonly values?: readonly string[];
  readonly malformed?: boolean;
}

describe.each(vectors.matching)("routes: $name", ({ routes, requests }) => {
  // In both orders of declaration, for which route is found must not depend on it.
  const routers = [router(...routes), router(...routes.toReversed())];

  test.each(requests as readonly RequestVector[])("$request", ({ request, route: target, values, malformed }) => {
    const [httpMethod = "", path = ""] = request.split(" ");
    const none = malformed === true ? "malformed" : undefined;
    for (const each of routers) {
      expect(each.match(httpMethod, path)).toEqual(target === undefined ? none : { target, values });
    }
  });
});

test.each(vectors.ambiguous)("ambiguous routes are named: $message", ({ routes, message }) => {
  expect(createRouter(routes.map(route))).toEqual({ error: expect.stringContaining(message) });
});

test.each(vectors.unambiguous)("%s and %s live together", (one, other) => {
  expect(createRouter([one ?? "", other ?? ""].map(route))).toHaveProperty("value");
});

test.each(vectors.wrong)("the template '$template' is refused: $message", ({ template: text, message }) => {
  expect(parsePathTemplate(text)).toEqual({ error: expect.stringContaining(message) });
});

test("a template parser fails on no text with anything but an error", () => {
  const characters = fc.constantFrom("/", "{", "}", "*", "**", "=", ":", ".", "a", "b", "%20", "%", " ");
  fc.assert(
    fc.property(fc.array(characters, { maxLength: 12 }), (parts) => {
      const parsed = parsePathTemplate(`/${parts.join("")}`);
      expect("value" in parsed || parsed.error.length > 0).toBe(true);
    }),
  );
});

describe("a path that is built from values", () => {
  const values = fc.string({ unit: "grapheme", minLength: 1 });

  test.each(["/a/{x}", "/a/{x}:do", "/{x=*}/b/{y}/c", "/{x}/{y}:do"])("matches %s with these values again", (text) => {
    const parsed = template(text);
    const matching = router(`GET ${text}`);
    fc.assert(
      fc.property(fc.array(values, { minLength: 2, maxLength: 2 }), (all) => {
        const wanted = all.slice(0, parsed.variables.length);
        const built = buildPath(parsed, wanted);
        expect(matching.match("GET", "value" in built ? built.value : "")).toEqual({
          target: `GET ${text}`,
          values: wanted,
        });
      }),
    );
  });

  test.each(["/a/{x=**}", "/{x=**}:do", "/a/{x=b/**}", "/a/{x=b/*}/c"])("of many segments matches %s again", (text) => {
    const parsed = template(text);
    const matching = router(`GET ${text}`);
    const segment = values.map((value) => value.replaceAll("/", "%2F"));
    const open = !text.includes("b/*}");
    const prefix = text.includes("=b/") ? ["b"] : [];
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: open ? 4 : 1 }), (segments) => {
        const wanted = [[...prefix, ...segments].join("/")];
        const built = buildPath(parsed, wanted);
        expect(matching.match("GET", "value" in built ? built.value : "")).toEqual({
          target: `GET ${text}`,
          values: wanted,
        });
      }),
    );
  });

  test.each([
    ["/a/{x}", "", "the value of 'x' does not fit the path /a/{x}"],
    ["/a/{x=b/*}", "c/d", "the value of 'x' does not fit"],
    ["/a/{x=b/*}", "b", "the value of 'x' does not fit"],
    ["/a/{x=b/*}", "b/c/d", "the value of 'x' does not fit"],
    ["/a/{x=**}", "b//c", "the value of 'x' does not fit"],
    ["/a/{x}", "\ud800", "the value of 'x' does not fit"],
    ["/a/*/{x}", "b", "has a wildcard that no variable names"],
  ])("%s refuses %j", (text, value, message) => {
    expect(buildPath(template(text), [value])).toEqual({ error: expect.stringContaining(message) });
  });
});
