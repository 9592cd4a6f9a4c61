import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DescMessage } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { type FlagArguments, parseFlag } from "../../src/commands/client/parse-flag.ts";
import {
  ListCisSessionsRequestSchema,
  SendCisSessionTelemetryRequestSchema,
  StopCisSessionRequestSchema,
} from "../../src/gen/sessiongateway/cis/v1/cis_session_service_pb.ts";
import { ReportTransitionRequestSchema } from "../../src/gen/sessiongateway/streaming/v1/provisioner_service_pb.ts";
import { CreateStreamingSessionRequestSchema } from "../../src/gen/sessiongateway/streaming/v1/streaming_session_service_pb.ts";
import { createJsonCodecs } from "../../src/rest/index.ts";
import { testMessage } from "../rest/test-protos.ts";

const codecs = createJsonCodecs();
const directory = mkdtempSync(join(tmpdir(), "session-gateway-flags-"));

function file(name: string, content: string | Uint8Array): string {
  writeFileSync(join(directory, name), content);
  return join(directory, name);
}

const text = file("text", "a text\n");
const bytes = file("bytes", new Uint8Array([0xff, 0xfe]));
const list = file("list.json", '["STARTED"]');
const structure = file("structure", "status=FAILED,progress={}");

function parse(desc: DescMessage, name: string, given: FlagArguments) {
  const field = desc.fields.find((each) => each.name === name);
  if (field === undefined) {
    throw new Error(`no field ${name}`);
  }
  return parseFlag(field, given, codecs);
}

const kinds = testMessage("Kinds");
const stop = StopCisSessionRequestSchema;
const telemetry = SendCisSessionTelemetryRequestSchema;
const sessions = ListCisSessionsRequestSchema;
const create = CreateStreamingSessionRequestSchema;

type Row = readonly [desc: DescMessage, field: string, given: FlagArguments, value: unknown];

const accepted: readonly Row[] = [
  [kinds, "text", "", ""],
  [kinds, "text", '{"not": "JSON here"}', '{"not": "JSON here"}'],
  [kinds, "text", "1", "1"],
  [kinds, "text", `file://${text}`, "a text\n"],
  [kinds, "int32", "-2147483648", -2147483648],
  [kinds, "uint32", "4294967295", 4294967295],
  [kinds, "int64", "9007199254740993", "9007199254740993"],
  [kinds, "double", "1.5e3", 1500],
  [kinds, "flag", true, true],
  [kinds, "flag", false, false],
  [kinds, "color", "DARK_BLUE", "DARK_BLUE"],
  [kinds, "blob", "//4=", "//4="],
  [kinds, "blob", `fileb://${bytes}`, "//4="],
  [kinds, "time", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"],
  [kinds, "duration", "1.5s", "1.5s"],
  [kinds, "struct", '{"a": [1]}', { a: [1] }],
  [kinds, "int64_wrapper", "5", "5"],
  [kinds, "texts", ["a", "", "[b]"], ["a", "", "[b]"]],
  [kinds, "int32s", ["1", "-2"], [1, -2]],
  [kinds, "int32s", ["[1, -2]"], [1, -2]],
  [kinds, "colors", ["RED", "DARK_BLUE"], ["RED", "DARK_BLUE"]],
  [kinds, "color_by_int32", "1=RED,2=DARK_BLUE", { 1: "RED", 2: "DARK_BLUE" }],
  [kinds, "kinds_by_int64", "7={int32s=[1,2],flag=true}", { 7: { int32s: [1, 2], flag: true } }],
  [kinds, "child", "texts=a,b,int32=3,child={color=RED}", { texts: ["a", "b"], int32: 3, child: { color: "RED" } }],
  [kinds, "child", "texts=a", { texts: ["a"] }],
  [kinds, "child", `text@=file://${text},blob@=fileb://${bytes}`, { text: "a text\n", blob: "//4=" }],
  [kinds, "children", ["text=a", '{"text": "b"}'], [{ text: "a" }, { text: "b" }]],
  [sessions, "states", ["STARTED", "LOST"], ["STARTED", "LOST"]],
  [sessions, "states", ['["STARTED"]'], ["STARTED"]],
  [sessions, "states", [`file://${list}`], ["STARTED"]],
  [stop, "message", '{"status": "SUCCESS"}', { status: "SUCCESS" }],
  [stop, "message", "status=SUCCESS,progress={totalChecks=3}", { status: "SUCCESS", progress: { totalChecks: 3 } }],
  [
    stop,
    "message",
    "computePlatform={vendor=canonical,version=20.04}",
    { computePlatform: { vendor: "canonical", version: "20.04" } },
  ],
  [stop, "message", `file://${structure}`, { status: "FAILED", progress: {} }],
  [
    telemetry,
    "messages",
    ["ruleId=1,status=PASSED,cisRuleDetails=", "ruleId=2,status=ERROR,cisRuleDetails=Zm9v"],
    [
      { ruleId: "1", status: "PASSED", cisRuleDetails: "" },
      { ruleId: "2", status: "ERROR", cisRuleDetails: "Zm9v" },
    ],
  ],
  [telemetry, "messages", ['[{"ruleId": "1"}, {"ruleId": "2"}]'], [{ ruleId: "1" }, { ruleId: "2" }]],
  [create, "tags", "team=red,aws:cost/center=4711", { team: "red", "aws:cost/center": "4711" }],
  [create, "tags", '{"a b": "c"}', { "a b": "c" }],
  [ReportTransitionRequestSchema, "success", true, {}],
];

const refused: readonly (readonly [desc: DescMessage, field: string, given: FlagArguments, problem: string])[] = [
  [kinds, "int32", "2147483648", "must be an integer from -2147483648 to 2147483647"],
  [kinds, "int32", "1.5", "must be an integer from -2147483648 to 2147483647"],
  [kinds, "int32", "0x10", "must be an integer from -2147483648 to 2147483647"],
  [kinds, "int32", "", "must be an integer from -2147483648 to 2147483647"],
  [kinds, "color", "red", "is wrong: value must be one of RED, DARK_BLUE"],
  [kinds, "color", "COLOR_RED", "is wrong: value must be one of RED, DARK_BLUE"],
  [kinds, "colors", ["RED", "UNSPECIFIED"], "is wrong: [1] value must be one of RED, DARK_BLUE"],
  [kinds, "blob", "secret!", "must be base64 in the standard alphabet with padding"],
  [kinds, "time", "yesterday", "must be an RFC 3339 date-time"],
  [kinds, "text", `fileb://${bytes}`, "takes no bytes, and so no fileb://"],
  [kinds, "text", `file://${bytes}`, "names a file that is not text in UTF-8; fileb:// loads bytes"],
  [kinds, "text", "file:///no/such/file", "names the file /no/such/file, which cannot be read: ENOENT"],
  [kinds, "text", `file://${directory}`, `names the file ${directory}, which cannot be read: EISDIR`],
  [kinds, "int32s", ["[1, "], "is not JSON"],
  [kinds, "int32s", ["[1,] "], "is not JSON"],
  [kinds, "struct", "a=1", "is not JSON"],
  [stop, "message", '{"status": SECRET}', "is not JSON"],
  [stop, "message", "SECRET", "is neither JSON nor shorthand such as member=value: '=' is expected (at 6)"],
  [stop, "message", "statsu=SUCCESS", "is wrong: there is no member 'statsu' (did you mean status?)"],
  [
    stop,
    "message",
    "progress={totalCheck=1}",
    "is wrong: there is no member 'progress.totalCheck' (did you mean totalChecks?)",
  ],
  [
    stop,
    "message",
    '{"computePlatform": {"vendr": ""}}',
    "is wrong: there is no member 'computePlatform.vendr' (did you mean vendor?)",
  ],
  [stop, "message", "reason=a,b", "is wrong: 'reason' must be one string; a text with commas needs quotes"],
  [stop, "message", "reason={a=1}", "is wrong: 'reason' must be one string; a text with commas needs quotes"],
  [stop, "message", "progress=1", "is wrong: 'progress' must be a structure such as {member=value}"],
  [
    stop,
    "message",
    "progress={totalChecks=x}",
    "is wrong: the value at '/progress/totalChecks' must be an integer from -2147483648 to 2147483647",
  ],
  [
    stop,
    "message",
    "status=success",
    "is wrong: status value must be one of SUCCESS, FAILED, INTERRUPTED, UNSUPPORTED_OS",
  ],
  [
    stop,
    "message",
    "reason@=file:///no/such/file",
    "is wrong: 'reason' names the file /no/such/file, which cannot be read: ENOENT",
  ],
  [stop, "message", `reason@=fileb://${bytes}`, "is wrong: 'reason' takes no bytes, and so no fileb://"],
  [telemetry, "messages", ["ruleId=1", "rule=2"], "is wrong: there is no member 'rule' (did you mean ruleId?)"],
  [
    telemetry,
    "messages",
    ['[{"ruleId": "1"}, {"rule": "2"}]'],
    "is wrong: there is no member '[1].rule' (did you mean ruleId?)",
  ],
  [kinds, "kinds_by_int64", "7=1", "is wrong: '7' must be a structure such as {member=value}"],
  [kinds, "child", "textByText=1", "is wrong: 'textByText' must be a map such as {key=value}"],
];

test.each(accepted.map((row) => [row[0].name, ...row.slice(1)] as const))("%s %s %j", (name, field, given, value) => {
  const desc = accepted.find(([each]) => each.name === name)?.[0] ?? kinds;
  expect(parse(desc, field as string, given as FlagArguments)).toEqual({ value });
});

describe("what is wrong is said, and the value is not shown", () => {
  test.each(refused.map((row) => [row[0].name, ...row.slice(1)] as const))(
    "%s %s %j",
    (name, field, given, problem) => {
      const desc = refused.find(([each]) => each.name === name)?.[0] ?? kinds;
      expect(parse(desc, field as string, given as FlagArguments)).toEqual({ problem });
      expect(problem).not.toMatch(/secret/i);
    },
  );
});
