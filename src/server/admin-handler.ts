import type { NodeHandler, NodeRequest, NodeResponse } from "../wire/connect-handler.ts";

/** Whether calls can be served now. Rejects, or resolves to a reason, where they cannot. */
export type Readiness = () => Promise<string | undefined>;

type Answer = { readonly status: number; readonly text: string };

/** Answers the admin port: `/healthz` while the process is up, `/readyz` while calls can be served. */
export function createAdminHandler(readiness: Readiness): NodeHandler {
  const answers: Readonly<Record<string, () => Promise<Answer>>> = {
    "/healthz": async () => ({ status: 200, text: "ok" }),
    "/readyz": async () => {
      const reason = await readiness().catch(() => "the store cannot be reached");
      return reason === undefined ? { status: 200, text: "ready" } : { status: 503, text: reason };
    },
  };
  return (request, response) => {
    const [path = ""] = (request.url ?? "").split("?", 1);
    const answer = Object.hasOwn(answers, path) ? answers[path] : undefined;
    void respond(request, response, answer);
  };
}

async function respond(request: NodeRequest, response: NodeResponse, answer?: () => Promise<Answer>) {
  const isRead = request.method === "GET" || request.method === "HEAD";
  const found = answer !== undefined && isRead ? await answer() : { status: 404, text: "not found" };
  const text = `${found.text}\n`;
  response.statusCode = found.status;
  response.setHeader("content-type", "text/plain; charset=utf-8");
  response.setHeader("content-length", Buffer.byteLength(text));
  response.setHeader("cache-control", "no-store");
  response.end(text);
}
