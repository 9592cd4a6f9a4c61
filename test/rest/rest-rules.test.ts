import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { calls, doNext, error, item, json, restClient, useRestServers } from "./rest-fixture.ts";
import { versions } from "./rest-servers.ts";
import { testMessage } from "./test-protos.ts";

const use = useRestServers();

describe.each(versions)("%s", (version) => {
  const { send, ask, requestOf } = restClient(use, version);

  describe("a rule", () => {
    const ItemRequest = testMessage("ItemRequest");

    test("binds the body to one field and the path to a field in it, which the body cannot say otherwise", async () => {
      const request = { method: "POST", path: "/items/a%2Fb", headers: json, body: '{"id": "c", "title": "t"}' };
      expect(await requestOf(ItemRequest, request)).toMatchObject({ item: { id: "a/b", title: "t" }, name: "" });
    });

    test("binds the rest to the query", async () => {
      const query =
        "item.title=t&left.id=l&flag=true&ratio=-1.5e2&blob=%2B%2F8%3D&long=9007199254740993&time=2024-01-01T00:00:00Z&count=3&numbers=1&numbers=-2&labels=x&items=y&item.parent.id=z";
      expect(await requestOf(ItemRequest, { path: `/items/1?${query}` })).toMatchObject({
        item: create(testMessage("Item"), { id: "1", title: "t" }),
        choice: { case: "left", value: { id: "l" } },
        flag: true,
        ratio: -150,
        blob: new Uint8Array([0xfb, 0xff]),
        long: 9007199254740993n,
        time: { seconds: 1704067200n },
        count: 3,
        numbers: [1, -2],
        labels: {},
        items: [],
      });
    });

    test("refuses two members of one union in the query", async () => {
      expect(await ask({ path: "/items/1?left.id=l&neither=n" })).toEqual(
        error(400, "SerializationException", {
          message: "The query parameter 'neither' is given beside another of the same union.",
        }),
      );
    });

    test("answers to a method of its own, with what the path says left out of the body", async () => {
      if (version === "HTTP/1.1") {
        const request = { method: "REPORT", path: "/items/1:report", headers: json, body: '{"item": {"id": 1}}' };
        expect(await ask(request)).toEqual(error(400, "SerializationException"));
        expect(await requestOf(ItemRequest, { ...request, body: '{"name": "n"}' })).toMatchObject({
          name: "n",
          item: { id: "1" },
        });
      }
    });

    test("captures several segments, and answers with one field", async () => {
      const request = {
        method: "PUT",
        path: "/whole/folders/a/items/b%2Fc/d%20e",
        headers: json,
        body: '{"name": 1, "flag": true}',
      };
      expect(await requestOf(ItemRequest, request)).toMatchObject({ name: "folders/a/items/b%2Fc/d e", flag: true });
      expect(await send(request)).toMatchObject({ body: [item] });
    });

    test("binds an enum and typed values to the path", async () => {
      expect(await requestOf(ItemRequest, { path: "/query/DARK_BLUE" })).toMatchObject({ color: 2 });
      expect(await ask({ path: "/query/GREEN" })).toMatchObject(error(400, "ValidationException"));
      calls.length = 0;
      const typed = { path: "/typed/2024-01-01T00%3A00%3A00Z/5" };
      expect(await requestOf(ItemRequest, typed)).toMatchObject({ time: { seconds: 1704067200n }, count: 5 });
      expect(await ask({ path: "/typed/2024/5" })).toMatchObject({
        status: 400,
        body: { message: "The path parameter 'time' must be an RFC 3339 date-time." },
      });
      expect(await ask({ path: "/typed/2024-01-01T00:00:00Z/x" })).toMatchObject({ status: 400 });
    });

    test("binds the body to a list", async () => {
      const scalar = (body: string) => ({ method: "POST", path: "/scalar", headers: json, body });
      expect(await requestOf(ItemRequest, scalar('["a", "b"]'))).toMatchObject({ names: ["a", "b"] });
      expect(await ask(scalar('["a", 1]'))).toMatchObject({ body: { message: "The value at '/1' must be a string." } });
      expect(await ask(scalar("null"))).toMatchObject({ body: { message: "The body must be a JSON array." } });
    });

    test("answers null for a field with presence that is absent, whatever it is", async () => {
      const request = { method: "POST", path: "/scalar", headers: json, body: "[]" };
      expect(await send(request)).toMatchObject({ text: "null" });
      doNext(() => ({ text: "" }));
      expect(await send(request)).toMatchObject({ text: '""' });
    });

    test("binds the body to an enum", async () => {
      const request = { method: "POST", path: "/color", headers: json, body: '"RED"' };
      expect(await requestOf(ItemRequest, request)).toMatchObject({ color: 1 });
      expect(await ask({ ...request, body: '"GREEN"' })).toMatchObject(error(400, "ValidationException"));
    });

    test("takes a message with a JSON form of its own", async () => {
      const body = '{"a":[1,null,{"b":"c"}]}';
      expect(await send({ method: "POST", path: "/struct", headers: json, body })).toMatchObject({ text: body });
    });

    test("binds headers, and then nothing else", async () => {
      const headers = { "X-Test-Token": "token", "X-Test-Level": "-5", ...json };
      const request = { method: "POST", path: "/items/1?token=query&level=1", headers, body: "{}" };
      expect(await requestOf(ItemRequest, request)).toMatchObject({ token: "token", level: -5 });
      calls.length = 0;
      const put = { method: "PUT", path: "/whole/folders/a/items", headers, body: '{"token": 1, "level": "x"}' };
      expect(await requestOf(ItemRequest, put)).toMatchObject({ token: "token", level: -5 });
      calls.length = 0;
      expect(await requestOf(ItemRequest, { path: "/items/1" })).toMatchObject({ token: "", level: 0 });
    });

    test.each([
      [{ "X-Test-Level": "abc" }, "The header x-test-level must be an integer from -2147483648 to 2147483647."],
      [{ "X-Test-Token": ["a", "b"] }, "The header x-test-token is given more than once."],
    ])("refuses the headers %j", async (headers, message) => {
      expect(await ask({ path: "/items/1", headers })).toEqual(error(400, "SerializationException", { message }));
    });
  });
});
